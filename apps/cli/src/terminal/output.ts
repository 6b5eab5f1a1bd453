/**
 * Where a command's words go: results to standard output (as JSON with `--json`), progress and remarks to standard error,
 * so that a script can read the one without the other.
 */
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
    this.#progress.clear();
    process.stdout.write(this.#json ? `${JSON.stringify(value, jsonValue)}\n` : text === "" ? "" : `${text}\n`);
  }

  /** A remark for people; silent with `--json`. */
  note(text: string): void {
    if (this.#json) return;
    this.#progress.clear();
    process.stderr.write(`${text}\n`);
  }

  get progress(): ProgressView {
    return this.#progress;
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}
