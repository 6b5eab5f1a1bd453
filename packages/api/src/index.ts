export { isPssrError, PssrError, type PssrErrorOptions } from "./pssr-error.js";
export { type Reason, type ReasonEntry, reasons } from "./reasons.js";
