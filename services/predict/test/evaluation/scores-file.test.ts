import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { decodeScores, encodeScores } from "../../dist/evaluation/scores-file.js";

const score = {
  method: "IMAGE",
  psnr: 30,
  ssim: 0.9,
  psnrFitted: 31,
  ssimFitted: 0.91,
  gain: 1.5,
  offset: -3,
} as const;

test("scores are read as they were written, infinite ones too", () => {
  const scores = [[score, { ...score, psnr: Number.POSITIVE_INFINITY, psnrFitted: Number.POSITIVE_INFINITY }], [score]];
  assert.deepEqual(decodeScores("scores.json", encodeScores(scores)), scores);
});

test("scores of a newer release, and what is none, are told apart", () => {
  const decode = (text: string) => () => decodeScores("scores.json", new TextEncoder().encode(text));
  assert.throws(decode('{"schemaVersion":2}'), (error) => isPssrError(error, "RECORD_TOO_NEW"));
  for (const text of ["[]", "{}", "null", '{"schemaVersion":1}', "no"]) {
    assert.throws(decode(text), (error) => isPssrError(error, "OBJECT_CORRUPT"), text);
  }
});
