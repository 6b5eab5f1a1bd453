/** Apart from what sends them, which is loaded only where spans are sent. */
import { counter } from "./registry.js";

export const spansTotal = counter(
  "pssr_trace_spans_total",
  "Spans recorded, by what became of them: sent, or lost",
  ["outcome"],
  [{ outcome: "sent" }, { outcome: "lost" }],
);
