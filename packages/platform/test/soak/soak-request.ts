/** What is asked for in a soak: a job of several steps, each of which makes an object whose bytes the request alone decides. */
import { createCipheriv, createHash } from "node:crypto";
import { text } from "../operations/thing-kind.js";
import type { Chance } from "./chance.js";

export interface SoakRequest {
  number: number;
  steps: { pauseMs: number; bytes: number }[];
  /** "stumbles": the first attempt meets something that may pass. "fails": the work itself fails at its end. */
  fate: "succeeds" | "stumbles" | "fails";
}

/** More than one part of an upload. */
const largeBytes = 5.5 * 2 ** 20;

export function drawRequest(chance: Chance, number: number): SoakRequest {
  const size = chance.number();
  const fate = chance.number();
  // Short ones, long ones that need their heartbeats, and large ones.
  const [steps, pauseMs, bytes] =
    size < 0.7 ? [4, 60, 32_768] : size < 0.92 ? [6, 250, 65_536] : [2, 30, largeBytes + 65_536];
  return {
    number,
    steps: Array.from({ length: chance.between(1, steps) }, (_, step) => ({
      pauseMs: chance.between(2, pauseMs),
      bytes: chance.between(bytes > largeBytes && step === 0 ? largeBytes : 1, step === 0 ? bytes : 32_768),
    })),
    fate: fate < 0.85 ? "succeeds" : fate < 0.95 ? "stumbles" : "fails",
  };
}

/** The content of the object that a step makes. */
export function stepBytes({ number, steps }: SoakRequest, step: number): Uint8Array {
  const key = createHash("sha256").update(`${number} ${step}`).digest().subarray(0, 16);
  const cipher = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  return cipher.update(Buffer.alloc(steps[step]?.bytes ?? 0));
}

/** As it is submitted. */
export function submissionOf(request: SoakRequest) {
  return {
    kind: "thing",
    project: "p1",
    principal: "ann",
    resource: `r${request.number}`,
    requestId: `soak-${request.number}`,
    request: text(JSON.stringify(request)),
  };
}

export function operationKeyOf({ number }: Pick<SoakRequest, "number">): string {
  return `operations/p1/thing-r${number}`;
}
