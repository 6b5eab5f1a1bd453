/** What was seen: printed as it comes, and kept for a file. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { secondsSince } from "./seconds.js";

export class Report {
  readonly #begun = performance.now();
  readonly #seen: { seconds: number; what: string; details?: unknown }[] = [];
  readonly #failures: string[] = [];

  /** Something that happened. */
  note(what: string, details?: unknown): void {
    const seconds = secondsSince(this.#begun);
    this.#seen.push({ seconds, what, ...(details !== undefined && { details }) });
    const shown = details === undefined ? "" : ` ${JSON.stringify(details)}`;
    process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${what}${shown}\n`);
  }

  /** Something that must be so. */
  check(what: string, holds: boolean, details?: unknown): void {
    this.note(`${holds ? "ok    " : "NOT OK"} ${what}`, details);
    if (!holds) this.#failures.push(what);
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  async write(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify({ failures: this.#failures, seen: this.#seen }, null, 2)}\n`);
  }
}
