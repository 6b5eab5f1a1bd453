/** The keys of a store in order, each with its revision: what a list by prefix needs without touching the disk. */
/** So many are put into their places one by one in less time than all are sorted. */
const fewKeys = 32;

/** Keys are ASCII, whose characters sort as their bytes. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : 1;
}

export class SortedKeys {
  readonly #revisions = new Map<string, bigint>();
  #sorted: string[] = [];
  /** Not in their place yet: thousands that come at once are sorted together. */
  #added: string[] = [];

  /** 0n where the key does not exist. */
  get(key: string): bigint {
    return this.#revisions.get(key) ?? 0n;
  }

  set(key: string, revision: bigint): void {
    if (!this.#revisions.has(key)) this.#added.push(key);
    this.#revisions.set(key, revision);
  }

  delete(key: string): void {
    if (!this.#revisions.delete(key)) return;
    this.#settle();
    this.#sorted.splice(this.#firstFrom(key), 1);
  }

  /** At most `limit` keys with the prefix, behind `after`. */
  slice(prefix: string, after: string, limit: number): string[] {
    this.#settle();
    let index = this.#firstFrom(after > prefix ? after : prefix);
    if (this.#sorted[index] === after) index += 1;
    const found: string[] = [];
    for (; found.length < limit; index += 1) {
      const key = this.#sorted[index];
      if (key === undefined || !key.startsWith(prefix)) break;
      found.push(key);
    }
    return found;
  }

  #settle(): void {
    if (this.#added.length > fewKeys) this.#sorted = [...this.#sorted, ...this.#added].sort(byBytes);
    else for (const key of this.#added) this.#sorted.splice(this.#firstFrom(key), 0, key);
    this.#added = [];
  }

  #firstFrom(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
