/** Asks probes as kubelet does: unencrypted, without an identity. */
import { createChannel, createClient } from "nice-grpc";
import { HealthDefinition } from "nice-grpc-server-health";

/** What a probe of this name says: true for SERVING. */
export async function probe(address: string, service: string): Promise<boolean> {
  const channel = createChannel(address);
  try {
    const signal = AbortSignal.timeout(5_000);
    return (await createClient(HealthDefinition, channel).check({ service }, { signal })).status === 1;
  } finally {
    channel.close();
  }
}

/** All that say yes, in the order of their names. */
export async function yes(address: string): Promise<string[]> {
  const names = ["", "liveness", "readiness", "startup"];
  const said = await Promise.all(names.map((name) => probe(address, name)));
  return names.filter((_, i) => said[i]);
}
