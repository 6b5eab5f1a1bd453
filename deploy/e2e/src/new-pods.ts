/** How soon a new pod is given calls: each service counts its own, and tells them to whoever may read its metrics. */
import { setTimeout as sleep } from "node:timers/promises";
import { type KubectlOptions, podsOf } from "./kubectl.js";
import { callsAnswered } from "./pod-metrics.js";
import { secondsSince } from "./seconds.js";

const pollMs = 1_000;

/** Calls of what a service serves; not those of probes and reflection. */
const ours = /grpc_service="(?:pssr|google\.longrunning)\./;

/** Seconds until every pod of a service has answered a call of ours; undefined where one has not after `patienceMs`. */
export async function secondsUntilAllAreCalled(
  service: string,
  patienceMs: number,
  options: KubectlOptions,
): Promise<number | undefined> {
  const begun = performance.now();
  while (performance.now() - begun < patienceMs) {
    const pods = (await podsOf(service, options)).filter(({ isEnding }) => !isEnding);
    const calls = await Promise.all(pods.map(({ name }) => callsAnswered(name, ours, options)));
    if (calls.every((count) => count > 0)) return secondsSince(begun);
    await sleep(pollMs, undefined, options);
  }
  return undefined;
}
