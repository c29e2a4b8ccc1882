import { existsSync } from "node:fs";

/** Files that Docker and Podman create in every container. */
const MARKS = ["/.dockerenv", "/run/.containerenv"];

/** Whether this process runs in a container. systemd and Podman set `container`; Kubernetes sets the address of its service. */
export function isInContainer(env: NodeJS.ProcessEnv, exists = existsSync): boolean {
  return Boolean(env["container"] ?? env["KUBERNETES_SERVICE_HOST"]) || MARKS.some((mark) => exists(mark));
}
