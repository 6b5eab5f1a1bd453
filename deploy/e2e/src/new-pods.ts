/** How soon a new pod is given calls: each service counts its own, and tells them to whoever may read its metrics. */
import { setTimeout as sleep } from "node:timers/promises";
import { type KubectlOptions, kubectl, podsOf } from "./kubectl.js";
import { secondsSince } from "./seconds.js";

const pollMs = 1_000;

/** Seconds until every pod of a service has answered a call of ours; undefined where one has not after `patienceMs`. */
export async function secondsUntilAllAreCalled(
  service: string,
  patienceMs: number,
  options: KubectlOptions,
): Promise<number | undefined> {
  const begun = performance.now();
  while (performance.now() - begun < patienceMs) {
    const pods = (await podsOf(service, options)).filter(({ isEnding }) => !isEnding);
    const calls = await Promise.all(pods.map(({ name }) => callsAnswered(name, options)));
    if (calls.every((count) => count > 0)) return secondsSince(begun);
    await sleep(pollMs, undefined, options);
  }
  return undefined;
}

/** Calls of what a service serves; not those of probes and reflection. */
const answered = /^pssr_grpc_server_call_seconds_count\{grpc_service="(?:pssr|google\.longrunning)\.[^}]*\} (\d+)/gm;

/** Reads /metrics in the pod itself: no path into the pod has to be open for that. */
const readMetrics = `
  const response = await fetch("http://127.0.0.1:7791/metrics");
  process.stdout.write(await response.text());
`;

async function callsAnswered(pod: string, options: KubectlOptions): Promise<number> {
  const text = await kubectl(["exec", pod, "--", "node", "--input-type=module", "--eval", readMetrics], options);
  let calls = 0;
  for (const [, count] of text.matchAll(answered)) calls += Number(count);
  return calls;
}
