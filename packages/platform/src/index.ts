export type { Abortable } from "./abortable.js";
export * from "./events/event-bus.js";
export * from "./objects/object-store.js";
export * from "./queue/work-queue.js";
export * from "./state/state-store.js";
