/** A folder whose disk fails at will, for a process of its own: see faults.c, which is compiled here and loaded into it. */
import { execFile } from "node:child_process";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryDirectory } from "../temporary-directory.js";

const run = promisify(execFile);
const source = fileURLToPath(new URL("../../test/files/faults.c", import.meta.url));

/** Linux has the ways to put a fault between a process and its disk without being root. */
export const faultsNeedLinux = { skip: process.platform !== "linux" };

export interface Fault {
  call: "write" | "fsync" | "rename" | "link" | "unlink" | "mkdir" | "rmdir";
  /** Which one from now on, counting from 1. */
  number: number;
  /** That one, or all from there on. */
  mode: "once" | "on";
}

export class FaultyDisk {
  private constructor(
    private readonly place: string,
    private readonly ended: AbortSignal,
  ) {}

  static async open(context: TestContext): Promise<FaultyDisk> {
    const ended = new AbortController();
    context.after(() => ended.abort());
    const disk = new FaultyDisk(await temporaryDirectory(context), ended.signal);
    await mkdir(disk.folder);
    await run("g++", ["-x", "c", "-O1", "-Wall", "-shared", "-fPIC", source, "-o", disk.#library, "-ldl", "-lpthread"]);
    return disk;
  }

  /** The folder that is on it. */
  get folder(): string {
    return join(this.place, "disk");
  }

  get #library(): string {
    return join(this.place, "faults.so");
  }

  /** Runs a program, compiled beside the tests, in the folder; resolves with what it printed, as JSON. */
  async run<T>(program: URL, ...args: string[]): Promise<T> {
    const { stdout } = await run(process.execPath, ["--expose-gc", fileURLToPath(program), ...args], {
      env: {
        ...process.env,
        LD_PRELOAD: this.#library,
        UV_USE_IO_URING: "0",
        FAULTS_FOLDER: this.folder,
        FAULTS_CONTROL: join(this.place, "control"),
        FAULTS_LOG: join(this.place, "log"),
        FAULTS_CLOCK: join(this.place, "clock"),
      },
      signal: this.ended,
      killSignal: "SIGKILL",
      maxBuffer: 1 << 26,
      timeout: 120_000,
    });
    return JSON.parse(stdout);
  }

  /** The calls that changed the disk, one a line, and what the program wrote between them. */
  async log(): Promise<string[]> {
    return (await readFile(join(this.place, "log"), "utf8")).trimEnd().split("\n");
  }
}

/** What a program on a faulty disk does about it. */
export class Faults {
  readonly folder = environment("FAULTS_FOLDER");
  readonly log = environment("FAULTS_LOG");
  readonly #control = environment("FAULTS_CONTROL");
  readonly #clock = environment("FAULTS_CLOCK");
  #count = 0;

  async begin({ call, number, mode }: Fault): Promise<void> {
    await rm(`${this.#control}.hit`, { force: true });
    this.#count += 1;
    await writeFile(this.#control, `${call} ${number} ${mode} ${this.#count}`);
  }

  /** Whether it happened. */
  async end(): Promise<boolean> {
    await writeFile(this.#control, "");
    return access(`${this.#control}.hit`).then(
      () => true,
      () => false,
    );
  }

  /** The wall clock of this process is so many seconds off from now on. */
  async setClock(seconds: number): Promise<void> {
    await writeFile(this.#clock, String(seconds));
  }
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this on a FaultyDisk`);
  return value;
}
