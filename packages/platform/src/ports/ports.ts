/** The four ports that every service stands on, and what it takes to let go of them. */
import type { EventBus } from "../events/event-bus.js";
import type { ObjectStore } from "../objects/object-store.js";
import type { WorkQueue } from "../queue/work-queue.js";
import type { StateStore } from "../state/state-store.js";

export interface Ports {
  state: StateStore;
  objects: ObjectStore;
  queue: WorkQueue;
  events: EventBus;
}

export interface OpenPorts {
  readonly ports: Ports;
  /** No other process can use what lies behind them: leases of former processes have ended with them. */
  readonly exclusive: boolean;
  /** Aborted when what lies behind them is gone for good, so that only a new process helps; never by an outage. */
  readonly beyondRepair: AbortSignal;
  /** Lets go of everything. Whoever works on the ports has stopped by then. */
  close(): Promise<void>;
}
