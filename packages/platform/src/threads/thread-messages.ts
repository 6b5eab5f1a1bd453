/** What a thread pool and its threads say to each other. */
import { isPssrError, PssrError, type Reason } from "@pssr/api";

/** In place of a task's id: what the thread asks for itself. */
export const threadItself = 0;

/** To the thread. */
export type ToThread =
  /** Before all else: a number for each place of a task, 0, or 1 once the task in it is given up. */
  | { type: "begin"; givenUp: Int32Array }
  | { type: "run"; id: number; place: number; task: unknown }
  | { type: "cancel"; id: number }
  | { type: "answer"; id: number; question: number; answer: unknown }
  | { type: "refusal"; id: number; question: number; error: PlainError };

/** From the thread. */
export type FromThread =
  | { type: "done"; id: number; value: unknown }
  | { type: "failed"; id: number; error: PlainError }
  | { type: "ask"; id: number; question: number; value: unknown };

/** An error as it crosses threads: classes do not survive the copy. */
export interface PlainError {
  reason: Reason | undefined;
  message: string;
  field: string | undefined;
  metadata: Readonly<Record<string, string>>;
  stack: string | undefined;
}

export function toPlainError(error: unknown): PlainError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!isPssrError(error)) return { reason: undefined, message, field: undefined, metadata: {}, stack };
  const { reason, field, metadata } = error;
  return { reason, message, field, metadata, stack };
}

export function fromPlainError({ reason, message, field, metadata, stack }: PlainError): Error {
  const error =
    reason === undefined
      ? new Error(message)
      : new PssrError(reason, message, { ...(field === undefined ? {} : { field }), metadata });
  if (stack !== undefined) error.stack = stack;
  return error;
}
