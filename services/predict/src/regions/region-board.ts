/**
 * Where the coordinator of a prediction and the workers of its regions meet, all of it in the state store: the order (what
 * to restore, and where to), and one verdict a region. An order exists while its operation is at work; whoever restores a
 * region of it stops when it is gone.
 */
import { isPssrError, PssrError, type Reason } from "@pssr/api";
import { type Abortable, type RecordKey, RecordTable, type StateStore, type VersionedRecord } from "@pssr/platform";
import type { PredictionSpec } from "../predictions/prediction-spec.js";

/**
 * Which image an order is for: that of an operation, begun by one of its attempts. The id of an operation that has failed may
 * be used again, the number of an attempt never: so a late worker of the old one does no harm to the new one.
 */
export interface OrderKey {
  readonly project: string;
  /** Id of the operation. */
  readonly operation: string;
  /** The attempt in whose objects the image is. */
  readonly attempt: number;
}

export interface RegionOrder extends VersionedRecord {
  readonly spec: PredictionSpec;
  /** Where the image's objects go: ends in "/". */
  readonly imagePrefix: string;
}

/** How a region ended. There is one for good: the first that is written. */
export type RegionVerdict = VersionedRecord &
  (
    | { readonly object: string; readonly clipped: number }
    | { readonly failure: { reason: Reason; message: string; field: string | undefined } }
  );

export interface PlacedVerdict {
  readonly index: number;
  readonly verdict: RegionVerdict;
}

const ordersKind = "region-orders";
const verdictsKind = "region-verdicts";

export class RegionBoard {
  readonly #state: StateStore;
  readonly #orders: RecordTable<RegionOrder>;
  readonly #verdicts: RecordTable<RegionVerdict>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#orders = new RecordTable(state, ordersKind);
    this.#verdicts = new RecordTable(state, verdictsKind);
  }

  /** Places the order, or leaves the one that stands. */
  async place(key: OrderKey, order: RegionOrder, options: Abortable): Promise<void> {
    await unlessTaken(this.#orders.put(recordKeyOf(key), order, 0n, options));
  }

  /** Undefined where there is none (any more). */
  async order(key: OrderKey, options: Abortable): Promise<RegionOrder | undefined> {
    return (await this.#orders.get(recordKeyOf(key), options))?.record;
  }

  async withdraw(key: OrderKey, options: Abortable): Promise<void> {
    await remove(this.#orders, recordKeyOf(key), options);
  }

  /** Orders as they are withdrawn, from the call on, until aborted. */
  async *withdrawals(options: Abortable): AsyncIterable<OrderKey> {
    for await (const { key, record } of this.#orders.watch(options)) {
      if (record === undefined) yield orderKeyOf(key);
    }
  }

  async verdict(key: OrderKey, index: number, options: Abortable): Promise<RegionVerdict | undefined> {
    return (await this.#verdicts.get(verdictKey(key, index), options))?.record;
  }

  /** The first verdict of a region stands; a later one changes nothing. */
  async decide(key: OrderKey, index: number, verdict: RegionVerdict, options: Abortable): Promise<void> {
    await unlessTaken(this.#verdicts.put(verdictKey(key, index), verdict, 0n, options));
  }

  async *standing(order: OrderKey, options: Abortable): AsyncIterable<PlacedVerdict> {
    const { project, id } = recordKeyOf(order);
    for await (const { key, record } of this.#verdicts.list(project, "", { within: id, ...options })) {
      yield { index: indexOf(key.id), verdict: record };
    }
  }

  /** Those that stand, then each new one, until aborted. */
  async *verdicts(key: OrderKey, options: Abortable): AsyncIterable<PlacedVerdict> {
    const { project, id } = recordKeyOf(key);
    const prefix = `${verdictsKind}/${project}/${id}/`;
    for await (const change of this.#state.watch(prefix, options)) {
      if (change.type !== "put") continue;
      const index = indexOf(change.key);
      const verdict = await this.verdict(key, index, options);
      if (verdict !== undefined) yield { index, verdict };
    }
  }

  async retract(key: OrderKey, index: number, options: Abortable): Promise<void> {
    await remove(this.#verdicts, verdictKey(key, index), options);
  }

  /** Forgets orders and verdicts of an operation, of the attempt and of all before it. May be repeated. */
  async clear({ project, operation, attempt }: OrderKey, { signal }: Abortable): Promise<void> {
    for await (const { key } of this.#orders.list(project, "", { within: operation, signal })) {
      if (orderKeyOf(key).attempt <= attempt) await remove(this.#orders, key, { signal });
    }
    for await (const { key } of this.#verdicts.list(project, "", { within: operation, signal })) {
      if (orderKeyOf(key).attempt <= attempt) await remove(this.#verdicts, key, { signal });
    }
  }
}

/** Of two writers the first one has its way; the second finds that all is done. */
async function unlessTaken(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
  }
}

async function remove<T extends VersionedRecord>(
  table: RecordTable<T>,
  key: RecordKey,
  options: Abortable,
): Promise<void> {
  const entry = await table.get(key, options);
  if (entry !== undefined) await unlessTaken(table.delete(key, entry.revision, options));
}

/** A verdict's key ends in its region's number. */
function indexOf(key: string): number {
  return Number(key.slice(key.lastIndexOf("/") + 1));
}

function recordKeyOf({ project, operation, attempt }: OrderKey): RecordKey {
  return { project, id: `${operation}/${attempt}` };
}

/** Of the key of an order, or of one of its verdicts. */
function orderKeyOf({ project, id }: RecordKey): OrderKey {
  const [operation, attempt] = id.split("/") as [string, string];
  return { project, operation, attempt: Number(attempt) };
}

function verdictKey(order: OrderKey, index: number): RecordKey {
  const { project, id } = recordKeyOf(order);
  return { project, id: `${id}/${index}` };
}

/** The verdict's error, for the operation to end with. */
export function failureOf(verdict: RegionVerdict): PssrError | undefined {
  if (!("failure" in verdict)) return undefined;
  const { reason, message, field } = verdict.failure;
  return new PssrError(reason, message, field === undefined ? {} : { field });
}
