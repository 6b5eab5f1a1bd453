/** What happened in a soak, line by line with its time, in a file; and the faults that were found. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** More of them say nothing new. */
const shownViolations = 20;

export class Journal {
  readonly startMs = Date.now();
  readonly #file: number;
  #violations: string[] = [];

  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, "w");
  }

  get violations(): readonly string[] {
    return this.#violations;
  }

  note(text: string): void {
    const seconds = ((Date.now() - this.startMs) / 1000).toFixed(3);
    writeSync(this.#file, `${seconds.padStart(8)} ${text}\n`);
  }

  /** Something that must never be. */
  violation(text: string): void {
    this.note(`VIOLATION ${text}`);
    this.#violations.push(text);
    if (this.#violations.length <= shownViolations) process.stderr.write(`violation: ${text}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
