/** The services of an installation, in the order in which they are updated: those that others call come first. */
export const services = ["crappify", "train", "predict", "optimize", "gateway"] as const;
