/** How a process ends, apart from the rest so that a short command need not load what services stand on. */
export * from "./interruption.js";
export * from "./printable.js";
export * from "./report-error.js";
