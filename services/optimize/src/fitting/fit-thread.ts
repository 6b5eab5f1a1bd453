/** The script of a thread that fits; see FitThreads. */
import { serveThread } from "@pssr/platform";
import type { FitOutcome } from "./fit-outcome.js";
import type { GreyTile } from "./fit-problem.js";
import type { FitQuestion, FitTask } from "./fit-threads.js";
import { runFit } from "./run-fit.js";

serveThread<FitTask, FitOutcome>(async (task, { ask, throwIfGivenUp }) => {
  const asked = (question: FitQuestion) => ask(question);
  const value = await runFit(task, {
    degrade: async (look) => (await asked({ type: "degrade", look })) as GreyTile["values"][],
    keep: async (look) => void (await asked({ type: "keep", look })),
    throwIfGivenUp,
  });
  return { value };
});
