/**
 * The loss of every step of a training. In memory it is bounded: past 100,000 points every second one is dropped, and
 * from then on only every second step is kept, and so on. As a file it is "pssrloss", the version of its form (float64), and
 * rows of three float64: step, loss, rate.
 */
import { type LossPoint, PssrError } from "@pssr/api";

const mostPoints = 100_000;
const rowNumbers = 3;
const rowBytes = 8 * rowNumbers;
const magic = "pssrloss";
const version = 1;
const headerBytes = magic.length + 8;

export class LossCurve {
  /** Most bytes of a curve's file. */
  static readonly mostBytes = headerBytes + mostPoints * rowBytes;

  #points: LossPoint[] = [];
  /** Only steps that are multiples of it are kept; so it is also the first of them. */
  #stride = 1;

  get lastStep(): number {
    return Number(this.#points.at(-1)?.step ?? 0n);
  }

  /** Steps come in order, from 1 on. */
  add(step: number, loss: number, learningRate: number): void {
    if (step % this.#stride !== 0) return;
    this.#points.push({ step: BigInt(step), loss, learningRate });
    if (this.#points.length < mostPoints) return;
    this.#stride *= 2;
    this.#points = this.#points.filter((point) => point.step % BigInt(this.#stride) === 0n);
  }

  /** Points from `fromStep` on, at most `count`, and the step to go on with (0: none so far). */
  page(fromStep: bigint, count: number): { points: LossPoint[]; nextStep: bigint } {
    const first = this.#points.findIndex((point) => point.step >= fromStep);
    if (first < 0) return { points: [], nextStep: 0n };
    return { points: this.#points.slice(first, first + count), nextStep: this.#points[first + count]?.step ?? 0n };
  }

  toBytes(): Uint8Array {
    const rows = Float64Array.from(this.#points.flatMap((p) => [Number(p.step), p.loss, p.learningRate]));
    const header = [Buffer.from(magic, "latin1"), new Uint8Array(Float64Array.of(version).buffer)];
    return new Uint8Array(Buffer.concat([...header, new Uint8Array(rows.buffer)]));
  }

  /** Throws OBJECT_CORRUPT for bytes that are no curve, RECORD_TOO_NEW for a curve of a newer release. */
  static fromBytes(bytes: Uint8Array): LossCurve {
    const curve = new LossCurve();
    if (Buffer.from(bytes.subarray(0, magic.length)).toString("latin1") !== magic) throw corrupt();
    if (bytes.length < headerBytes || (bytes.length - headerBytes) % rowBytes !== 0) throw corrupt();
    const { buffer } = Uint8Array.from(bytes); // aligned, whatever part of a larger buffer it was
    const found = new Float64Array(buffer, magic.length, 1)[0]!;
    if (found !== version) throw tooNew(found);
    const rows = new Float64Array(buffer, headerBytes);
    curve.#stride = rows[0] ?? 1;
    for (let i = 0; i < rows.length; i += rowNumbers) {
      const step = rows[i]!;
      if (!(Number.isSafeInteger(step) && step > curve.lastStep)) throw corrupt();
      curve.#points.push({ step: BigInt(step), loss: rows[i + 1]!, learningRate: rows[i + 2]! });
    }
    return curve;
  }
}

function tooNew(found: number): PssrError {
  return new PssrError(
    "RECORD_TOO_NEW",
    `a stored loss curve has version ${found}, this release reads version ${version}: run a newer release`,
  );
}

function corrupt(): PssrError {
  return new PssrError("OBJECT_CORRUPT", "a stored loss curve is damaged; restore it from a backup");
}
