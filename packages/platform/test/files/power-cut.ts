/**
 * What would be left after a power cut, told from the log of a faulty disk: only what was synced, and nothing of what a failed
 * sync covered, even if a later one succeeds.
 */
import { dirname } from "node:path";

interface Content {
  state: "dirty" | "synced" | "lost";
}

/** A name in a directory, as it is seen, and whether the disk has it so. */
interface Entry {
  content: Content | undefined;
  state: "dirty" | "synced" | "lost";
}

export class PowerCut {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly root: string) {}

  /** A line of the log. */
  take(line: string): void {
    const [call, outcome, path = "", to = ""] = line.split(" ");
    if (call === "fsync") this.#sync(path, outcome === "done");
    if (outcome !== "done") return;
    if (call === "write") this.#content(path).state = "dirty";
    if (call === "mkdir") this.#put(path, { state: "synced" });
    if (call === "link") this.#put(to, this.#content(path));
    if (call === "rename") {
      const content = this.#content(path);
      if (this.#entries.get(to)?.content === content) return; // two names of one file: nothing happens
      this.#put(to, content);
      this.#put(path, undefined);
    }
    if (call === "unlink" || call === "rmdir") this.#put(path, undefined);
  }

  /** Undefined where the file would be there, whole; else why not. */
  missing(path: string): string | undefined {
    const entry = this.#entries.get(path);
    if (entry?.content === undefined) return `${path} does not exist`;
    if (entry.content.state !== "synced") return `the bytes of ${path} are ${entry.content.state}`;
    for (let name = path; name !== this.root; name = dirname(name)) {
      const state = this.#entries.get(name)?.state;
      if (state !== "synced") return `the name ${name} is ${state ?? "unknown"}`;
    }
    return undefined;
  }

  /** Undefined where the file would be gone; else why not. */
  present(path: string): string | undefined {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    if (entry.content !== undefined) return `${path} exists`;
    return entry.state === "synced" ? undefined : `the removal of ${path} is ${entry.state}`;
  }

  #sync(path: string, done: boolean): void {
    const content = this.#entries.get(path)?.content;
    if (content?.state === "dirty") content.state = done ? "synced" : "lost";
    for (const [name, entry] of this.#entries) {
      if (dirname(name) === path && entry.state === "dirty") entry.state = done ? "synced" : "lost";
    }
  }

  #content(path: string): Content {
    const present = this.#entries.get(path)?.content;
    if (present !== undefined) return present;
    const content: Content = { state: "dirty" };
    this.#put(path, content);
    return content;
  }

  #put(path: string, content: Content | undefined): void {
    this.#entries.set(path, { content, state: "dirty" });
  }
}
