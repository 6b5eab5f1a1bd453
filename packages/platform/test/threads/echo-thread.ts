/** The script of the pool's tests: does what its task says. */
import { PssrError } from "@pssr/api";
import { askFromThread, serveThread } from "@pssr/platform";

export type EchoTask =
  | { do: "square"; value: number }
  | { do: "refuse" }
  | { do: "die" }
  | { do: "wait" }
  | { do: "spin" }
  | { do: "leave" }
  | { do: "left" }
  | { do: "ask"; values: number[] }
  | { do: "askPool"; value: number };

/** What becomes of the work that the task `leave` leaves behind. */
let left: Promise<string> | undefined;

serveThread<EchoTask, unknown>(async (task, { signal, throwIfGivenUp, ask }) => {
  switch (task.do) {
    case "square":
      return { value: task.value ** 2 };
    case "refuse":
      throw new PssrError("INVALID_FIELD", "value: refused", { field: "value", metadata: { limit: "3" } });
    case "die":
      return process.exit(7);
    case "wait":
      await ask("waiting");
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return { value: undefined };
    case "spin":
      await ask("spinning");
      for (;;) throwIfGivenUp();
    case "leave":
      left = new Promise((resolve) => setImmediate(resolve)).then(() => ask("one more")).then(String, String);
      throw new Error("the task is over");
    case "left":
      return { value: await left };
    case "ask": {
      const answers: unknown[] = [];
      for (const value of task.values) {
        answers.push(await ask(value));
        throwIfGivenUp();
      }
      return { value: answers };
    }
    case "askPool":
      return { value: await askFromThread(task.value) };
  }
});
