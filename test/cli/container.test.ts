import { expect, it } from "vitest";
import { isInContainer } from "../../src/cli/container.ts";

const nothing = (): boolean => false;

it.each<[string, NodeJS.ProcessEnv, (path: string) => boolean, boolean]>([
  ["nothing tells of one", {}, nothing, false],
  ["Docker left its mark", {}, (path) => path === "/.dockerenv", true],
  ["Podman left its mark", {}, (path) => path === "/run/.containerenv", true],
  ["systemd-nspawn or Podman says so", { container: "podman" }, nothing, true],
  ["Kubernetes says where its service is", { KUBERNETES_SERVICE_HOST: "10.0.0.1" }, nothing, true],
])("this is told to be a container, or not, when %s", (_what, env, exists, expected) => {
  expect(isInContainer(env, (path) => exists(String(path)))).toBe(expected);
});
