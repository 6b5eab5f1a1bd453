/** What a pod without rights can reach, and whether the namespace refuses pods that ask for more than they need. */

import { type KubectlOptions, kubectl, namespace } from "./kubectl.js";
import type { Report } from "./report.js";

const ports: Record<string, number> = {
  crappify: 7701,
  train: 7702,
  predict: 7703,
  optimize: 7704,
  gateway: 7717,
  nats: 4222,
  s3: 7070,
};
/** Callers from anywhere may reach this one. */
const open = "gateway";
const pod = "stranger";

export async function checkNetwork(report: Report, options: KubectlOptions): Promise<void> {
  const image = await kubectl(
    ["get", "deployment", "gateway", "-o", "jsonpath={.spec.template.spec.containers[0].image}"],
    options,
  );
  const scan = `
    import net from "node:net";
    for (const [name, port] of Object.entries(${JSON.stringify(ports)})) {
      const reached = await new Promise((resolve) => {
        const socket = net.connect({ host: name + ".${namespace}", port, timeout: 3000 });
        socket.once("connect", () => resolve(true));
        for (const event of ["timeout", "error"]) socket.once(event, () => resolve(false));
        socket.once("close", () => socket.destroy());
      });
      console.log(name + " " + reached);
    }
    process.exit();
  `;
  const container = {
    name: "scan",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["node", "--input-type=module", "--eval", scan],
    resources: { limits: { cpu: "500m", memory: "128Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } };
  const spec = {
    automountServiceAccountToken: false,
    restartPolicy: "Never",
    securityContext,
    containers: [container],
  };
  // Elsewhere: in our namespace it would be its own way out that is shut.
  const outside = { ...options, within: `${namespace}-stranger` };
  await kubectl(["delete", "namespace", outside.within, "--ignore-not-found"], options);
  await kubectl(["create", "namespace", outside.within], options);
  let text: string;
  try {
    await kubectl(
      ["run", pod, `--image=${image}`, "--restart=Never", `--overrides=${JSON.stringify({ spec })}`],
      outside,
    );
    await kubectl(["wait", `pod/${pod}`, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=2m"], outside);
    text = await kubectl(["logs", pod], outside);
  } finally {
    await kubectl(["delete", "namespace", outside.within, "--wait=false"], options);
  }
  const reached = text
    .trim()
    .split("\n")
    .filter((line) => line.endsWith(" true"))
    .map((line) => line.split(" ")[0]!);
  const shut = reached.filter((name) => name !== open);
  if (shut.length === Object.keys(ports).length - 1)
    report.note("this cluster does not enforce network policies: a pod without rights reaches everything", { reached });
  else report.check("a pod without rights reaches the gateway alone", reached.join() === open, { reached });
}

export async function checkRefusals(report: Report, options: KubectlOptions): Promise<void> {
  const spec = { containers: [{ name: "root", image: "none", securityContext: { privileged: true } }] };
  const refusal = await kubectl(
    ["run", "root", "--image=none", "--restart=Never", "--dry-run=server", `--overrides=${JSON.stringify({ spec })}`],
    options,
  ).then(
    () => "",
    (error: unknown) => String(error),
  );
  report.check("a privileged pod is refused", refusal.includes("violates PodSecurity"));
}
