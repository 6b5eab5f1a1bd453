/**
 * The Cholesky factor of a symmetric positive definite matrix that grows by a row at a time: A = L·Lᵀ, L lower triangular. A
 * row costs as many operations as L has entries; the whole again would cost the size times as many.
 */

export class CholeskyFactor {
  /** The rows of L one after the other; row i has i + 1 entries. */
  #entries = new Float64Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Adds a row and column to A.
   *
   * @param row Its entries left of the diagonal, as many as `size`.
   * @returns Whether A is positive definite still; if not, nothing has been added.
   */
  append(row: Float64Array, diagonal: number): boolean {
    const n = this.#size;
    const start = (n * (n + 1)) / 2;
    this.#reserve(start + n + 1);
    const entries = this.#entries;
    let rest = diagonal;
    for (let j = 0; j < n; j++) {
      const own = (j * (j + 1)) / 2;
      let sum = row[j]!;
      for (let k = 0; k < j; k++) sum -= entries[start + k]! * entries[own + k]!;
      const entry = sum / entries[own + j]!;
      entries[start + j] = entry;
      rest -= entry * entry;
    }
    if (!(rest > Number.EPSILON * diagonal)) return false;
    entries[start + n] = Math.sqrt(rest);
    this.#size = n + 1;
    return true;
  }

  /** x of L·x = b, in place. */
  solveLower(b: Float64Array): void {
    const entries = this.#entries;
    let at = 0;
    for (let i = 0; i < this.#size; i++) {
      let sum = b[i]!;
      for (let k = 0; k < i; k++) sum -= entries[at++]! * b[k]!;
      b[i] = sum / entries[at++]!;
    }
  }

  /** x of Lᵀ·x = b, in place. */
  solveUpper(b: Float64Array): void {
    const entries = this.#entries;
    for (let i = this.#size - 1; i >= 0; i--) {
      const own = (i * (i + 1)) / 2;
      const x = b[i]! / entries[own + i]!;
      b[i] = x;
      for (let k = 0; k < i; k++) b[k]! -= entries[own + k]! * x;
    }
  }

  /** x of A·x = b, in place. */
  solve(b: Float64Array): void {
    this.solveLower(b);
    this.solveUpper(b);
  }

  /** L·x. */
  multiplyLower(x: Float64Array): Float64Array {
    const entries = this.#entries;
    const product = new Float64Array(this.#size);
    let at = 0;
    for (let i = 0; i < this.#size; i++) {
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += entries[at++]! * x[k]!;
      product[i] = sum;
    }
    return product;
  }

  /** The inverse of A, row by row. */
  inverse(): Float64Array {
    const n = this.#size;
    const entries = this.#entries;
    // The columns of L⁻¹ one after the other; A⁻¹ is L⁻ᵀ·L⁻¹.
    const columns = new Float64Array(n * n);
    for (let j = 0; j < n; j++) {
      const column = j * n;
      for (let i = j, own = (j * (j + 1)) / 2; i < n; own += ++i) {
        let sum = i === j ? 1 : 0;
        for (let k = j; k < i; k++) sum -= entries[own + k]! * columns[column + k]!;
        columns[column + i] = sum / entries[own + i]!;
      }
    }
    const inverse = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = i; k < n; k++) sum += columns[i * n + k]! * columns[j * n + k]!;
        inverse[i * n + j] = sum;
        inverse[j * n + i] = sum;
      }
    }
    return inverse;
  }

  /** log det A. */
  get logDeterminant(): number {
    let sum = 0;
    for (let i = 0; i < this.#size; i++) sum += Math.log(this.#entries[(i * (i + 1)) / 2 + i]!);
    return 2 * sum;
  }

  #reserve(entries: number): void {
    if (entries <= this.#entries.length) return;
    const larger = new Float64Array(2 * entries);
    larger.set(this.#entries);
    this.#entries = larger;
  }
}
