/**
 * A peer in Python, measured beside us: a process that answers each line of JSON with one. Its packages live in a virtual
 * environment in `out`, made when it is first needed.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** One thread each: numbers of one core are what is compared. */
const oneThread = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };

export interface PythonEnvironment {
  /** The name of its folder in `out`. */
  name: string;
  /** With exact versions. */
  requirements: readonly string[];
  /** Of which only the files are wanted, not what they depend on. */
  withoutDependencies?: readonly string[];
}

/** The environment's interpreter. */
export async function pythonFor({ name, requirements, withoutDependencies = [] }: PythonEnvironment): Promise<string> {
  const folder = `out/${name}`;
  const python = `${folder}/bin/python`;
  try {
    await access(python);
    return python;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  process.stderr.write(`bench: installing ${[...requirements, ...withoutDependencies].join(", ")} …\n`);
  // A virtual environment cannot be moved, but its completeness can be marked: the interpreter gets its name last.
  await rm(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder]);
  await rename(python, `${python}-installing`);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await run(`${python}-installing`, [...pip, ...requirements]);
  if (withoutDependencies.length > 0) await run(`${python}-installing`, [...pip, "--no-deps", ...withoutDependencies]);
  await rename(`${python}-installing`, python);
  return python;
}

export class PythonPeer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(python: string, script: string) {
    this.#child = spawn(python, [script], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...oneThread },
    });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async ask<Answer>(question: object): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the peer in Python ended before it answered; its words are above");
    return JSON.parse(value) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }
}
