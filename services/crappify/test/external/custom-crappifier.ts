/** A server of somebody else that takes external steps, with the test's own way of answering. It ends with the test. */
import type { TestContext } from "node:test";
import { type CrappifyRequest, type CrappifyResponse, CustomCrappifierServiceDefinition } from "@pssr/api";
import { type CallContext, createServer } from "nice-grpc";

export type Answer = (request: CrappifyRequest, context: CallContext) => Promise<CrappifyResponse>;

export async function startCustomCrappifier(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer();
  server.add(CustomCrappifierServiceDefinition, { crappify: answer });
  const port = await server.listen("127.0.0.1:0");
  t.after(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

/** The plane of a request with other values. */
export function changed({ pixels }: CrappifyRequest, change: (value: number, n: number) => number): CrappifyResponse {
  const values = new Float32Array(Uint8Array.from(pixels!.data).buffer).map(change);
  return { pixels: { ...pixels!, data: new Uint8Array(values.buffer) } };
}

/** The negative of the picture, and noise from the seed alone: a linear congruential generator. */
export const noisyNegative: Answer = async (request) => {
  let state = request.seed;
  const { amplitude = 0 } = request.parameters;
  return changed(request, (value) => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return request.black + request.white - value + amplitude * (Number(state >> 32n) / 2 ** 32 - 0.5);
  });
};
