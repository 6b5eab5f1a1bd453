/** The response of a fit's operation: the fit, as far as it fits into the operation's record. */
import { Fit } from "@pssr/api";
import { maximumBytes, type TypedBytes, typedMessage } from "@pssr/platform";

/** What is left out first, step by step; GetFit tells the whole. */
const shorter: readonly ((fit: Fit) => Fit)[] = [
  (fit) => fit,
  (fit) => ({ ...fit, pairs: [], unpaired: undefined, detectorImages: undefined }),
  (fit) => ({ ...fit, template: undefined, ranges: [], optionalSteps: [], highNoise: [] }),
  (fit) => ({ ...fit, result: fit.result && { ...fit.result, findings: [] } }),
  (fit) => ({ ...fit, result: fit.result && { ...fit.result, detector: [], keptSteps: [] } }),
  (fit) => ({ ...fit, result: fit.result && { ...fit.result, parameters: [] } }),
  (fit) => ({ ...fit, result: fit.result && { ...fit.result, crappifier: undefined } }),
];

export function toResponse(whole: Fit): TypedBytes {
  let fit = whole;
  for (const shorten of shorter) {
    fit = shorten(fit);
    const bytes = Fit.encode(fit).finish();
    if (bytes.length <= maximumBytes.result) return typedMessage("Fit", bytes);
  }
  return typedMessage("Fit", Fit.encode({ ...fit, result: undefined }).finish());
}
