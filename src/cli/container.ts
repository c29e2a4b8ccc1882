import { existsSync } from "node:fs";

/** Files that Docker and Podman put into every container. */
const MARKS = ["/.dockerenv", "/run/.containerenv"];

/** Does this process run in a container? systemd and Podman set `container`, Kubernetes the address of its service. */
export function isInContainer(env: NodeJS.ProcessEnv, exists = existsSync): boolean {
  return Boolean(env["container"] ?? env["KUBERNETES_SERVICE_HOST"]) || MARKS.some((mark) => exists(mark));
}
