/**
 * Where a command's words go: results to standard output, progress and remarks to standard error, so that a script can read
 * the one without the other. With `--json` each line on standard output is one result, and nothing else is on it; a list has
 * a line for each of its items, and so none where it has none:
 *
 *     pssr --json images list | jq -r .name
 */
import { printableLines } from "@pssr/platform/process-end";
import { type ProgressView, progressLine } from "./progress.js";

export class Output {
  readonly #json: boolean;
  readonly #progress: ProgressView;

  constructor(json: boolean) {
    this.#json = json;
    this.#progress = progressLine(process.stderr, json);
  }

  /** A result: `text` for people, `value` for scripts. */
  result(value: unknown, text: string): void {
    this.#write([value], text);
  }

  /** What a list has: a table or a few words for people, each item for itself for scripts. */
  list(items: readonly unknown[], text: string): void {
    this.#write(items, text);
  }

  #write(values: readonly unknown[], text: string): void {
    this.#progress.clear();
    const lines = this.#json ? values.map((value) => JSON.stringify(value, jsonValue)) : [printableLines(text)];
    process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }

  /** A remark for people; silent with `--json`. */
  note(text: string): void {
    if (this.#json) return;
    this.#progress.clear();
    process.stderr.write(`${printableLines(text)}\n`);
  }

  get progress(): ProgressView {
    return this.#progress;
  }
}

/** What JSON has no way to say, as all our JSON says it. */
export function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  // JSON has no such numbers, and would make null of them; the PSNR of an image that equals its reference is one.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}
