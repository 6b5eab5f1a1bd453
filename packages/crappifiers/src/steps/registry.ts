/** All steps, by the name that a specification calls them. A new step is its file and a line here. */
import { gaussian } from "./gaussian.js";
import { poisson } from "./poisson.js";

export const steps = { poisson, gaussian } as const;

export type StepKind = keyof typeof steps;
