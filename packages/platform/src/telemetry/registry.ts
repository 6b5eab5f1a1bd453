/** The metrics of this process: one registry, however many services run in it. */
import { collectDefaultMetrics, Registry } from "prom-client";

export const registry = new Registry();

collectDefaultMetrics({ register: registry });
