/** Reads what a pod tells of itself at /metrics, in the pod itself: no path into the pod has to be open for that. */
import { type KubectlOptions, kubectl, podsOf } from "./kubectl.js";

const read = `
  const response = await fetch("http://127.0.0.1:7791/metrics");
  process.stdout.write(await response.text());
`;

/** Calls that a pod has answered: the sum over all series of which the labels begin like this, such as `grpc_service="pssr.`. */
export async function callsAnswered(pod: string, labels: RegExp, options: KubectlOptions): Promise<number> {
  const text = await kubectl(["exec", pod, "--", "node", "--input-type=module", "--eval", read], options);
  const series = new RegExp(`^pssr_grpc_server_call_seconds_count\\{(?:${labels.source})[^}]*\\} (\\d+)`, "gm");
  let calls = 0;
  for (const [, count] of text.matchAll(series)) calls += Number(count);
  return calls;
}

/** The same over all pods of a service. */
export async function callsAnsweredBy(service: string, labels: RegExp, options: KubectlOptions): Promise<number> {
  const pods = await podsOf(service, options);
  const calls = await Promise.all(pods.map(({ name }) => callsAnswered(name, labels, options)));
  return calls.reduce((sum, count) => sum + count, 0);
}
