/** What is done to the cluster while it works, and what must follow. */
import type { OperationMetadata } from "@pssr/api";
import { type KubectlOptions, kubectl, podsOf, rolledOut } from "./kubectl.js";
import { secondsUntilAllAreCalled } from "./new-pods.js";
import type { Report } from "./report.js";
import { secondsSince } from "./seconds.js";
import { services } from "./services.js";
import type { Watcher } from "./watcher.js";

/** New pods must have traffic within this time. */
const newPodsMs = 60_000;

/** A training pod is deleted while it learns: another goes on from the checkpoint that it leaves. */
export async function deleteTrainingPod(report: Report, training: Watcher, options: KubectlOptions): Promise<void> {
  const before = await training.until("it had learned a little", (state) => stepOf(state) >= 5);
  const [pod] = await podsOf("train", options);
  if (pod === undefined) throw new Error("there is no training pod");
  await kubectl(["delete", "pod", pod.name], options);
  const attempt = before.attempt + 1;
  const after = await training.until("another attempt", (state) => state.attempt >= attempt && stepOf(state) > 0);
  report.check("a training pod was deleted, and another went on from its checkpoint", checkpointOf(after) >= 5, {
    deletedAfterStep: stepOf(before),
    wentOnFromStep: checkpointOf(after),
  });
}

/** The NATS pod is deleted; what works goes on, and is heard of again. */
export async function restartNats(report: Report, training: Watcher, options: KubectlOptions): Promise<void> {
  const begun = performance.now();
  await kubectl(["delete", "pod", "nats-0"], options);
  await rolledOut("statefulset/nats", options);
  const { states, resumed } = training.report;
  const now = await training.next();
  report.check("the NATS pod was deleted, and the training went on", now.attempt > 0, {
    seconds: secondsSince(begun),
    states,
    resumed,
  });
}

/** A rolling update of every service, one after the other, while a training is under way; each new pod has traffic within a minute. */
export async function updateEveryService(report: Report, training: Watcher, options: KubectlOptions): Promise<void> {
  report.check("the training is still under way", training.report.end === "");
  const called: Promise<void>[] = [];
  for (const service of services) {
    const begun = performance.now();
    await kubectl(["rollout", "restart", `deployment/${service}`], options);
    await rolledOut(`deployment/${service}`, options);
    report.note(`${service} was updated`, { seconds: secondsSince(begun) });
    const counting = secondsUntilAllAreCalled(service, newPodsMs, options).then((seconds) =>
      report.check(`the new pods of ${service} are called within a minute`, seconds !== undefined, { seconds }),
    );
    counting.catch(() => undefined); // told below
    called.push(counting);
  }
  await Promise.all(called);
}

/** Changes the number of pods of a service; resolves when so many are ready. */
export async function scale(service: string, replicas: number, options: KubectlOptions): Promise<void> {
  await kubectl(["scale", `deployment/${service}`, `--replicas=${replicas}`], options);
  await rolledOut(`deployment/${service}`, options);
}

function stepOf({ progress }: OperationMetadata): number {
  return Number(progress?.done ?? 0n);
}

function checkpointOf({ progress }: OperationMetadata): number {
  return progress?.details?.$case === "training" ? Number(progress.details.value.checkpointStep) : 0;
}
