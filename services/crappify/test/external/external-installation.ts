/** Services that may call a server of somebody else, an image, and crappifiers whose step that server takes. */
import type { TestContext } from "node:test";
import { Crappifier, type PairPart } from "@pssr/api";
import { type Installation, startInstallation } from "../installation.js";
import { picture, png } from "../pictures.js";
import { importImage, sha256 } from "../upload.js";

/** Nothing but the step itself, after a scale of 2. */
export function stepAt(
  address: string,
  parameters: Record<string, { value: number; spread: number }> = {},
): Crappifier {
  return Crappifier.fromPartial({
    sampling: { scale: 2 },
    detector: [{ kind: { $case: "external", value: { address, parameters } } }],
  });
}

export const plain = Crappifier.fromPartial({ sampling: { scale: 2 } });

export async function withImage(t: TestContext, flags: string[]): Promise<Installation & { image: string }> {
  const installation = await startInstallation(t, flags);
  const { name } = await importImage(installation, "a", png(picture([128, 96], "uint8")), {
    image: { levels: { black: 0, white: 255, source: 0 }, pixelSizeNm: 10 },
  });
  return { ...installation, image: name };
}

export async function allowing(t: TestContext, address: string, ...flags: string[]) {
  return await withImage(t, ["--external-crappifiers", address, ...flags]);
}

export async function pairsOf(
  { crappify }: Installation,
  request: Parameters<Installation["crappify"]["streamPairs"]>[0],
) {
  const all: PairPart[] = [];
  for await (const { parts } of crappify.streamPairs(request)) all.push(...parts);
  return all.map(({ step, index, low, high }) => `${step}/${index} ${sha256(low!.data)} ${sha256(high!.data)}`);
}
