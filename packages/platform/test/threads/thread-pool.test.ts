import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { ThreadPool } from "@pssr/platform";
import type { EchoTask } from "./echo-thread.js";

function pool(threads = 2, tasksPerThread = 1): ThreadPool<EchoTask, unknown> {
  const script = new URL("./echo-thread.js", import.meta.url);
  return new ThreadPool({ script, name: "echo", threads, tasksPerThread });
}

test("tasks beyond the number of threads wait and are all done", async () => {
  await using threads = pool();
  const results = Array.from({ length: 20 }, (_, value) => threads.run({ do: "square", value }));
  assert.ok(threads.running <= 2);
  assert.deepEqual(
    await Promise.all(results),
    Array.from({ length: 20 }, (_, value) => value ** 2),
  );
});

test("a task's typed error keeps reason, field and metadata", async () => {
  await using threads = pool();
  await assert.rejects(
    threads.run({ do: "refuse" }),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "value" && error.metadata.limit === "3",
  );
});

test("a task that kills its thread fails alone, and the pool goes on", async () => {
  await using threads = pool(1);
  const dying = threads.run({ do: "die" });
  const after = threads.run({ do: "square", value: 3 });
  await assert.rejects(dying, (error) => isPssrError(error, "INTERNAL"));
  assert.equal(await after, 9);
});

/** A task that has begun, and can be given up. */
async function begin(threads: ThreadPool<EchoTask, unknown>, task: EchoTask) {
  const controller = new AbortController();
  const asked = new EventTarget();
  const begun = once(asked, "asked");
  const answer = async () => {
    asked.dispatchEvent(new Event("asked"));
    return { value: undefined };
  };
  const end = threads.run(task, { signal: controller.signal, answer });
  await begun;
  return { end, controller };
}

test("an aborted task rejects at once and frees its thread", async () => {
  await using threads = pool(1);
  const { end, controller } = await begin(threads, { do: "wait" });
  controller.abort(new Error("no longer wanted"));
  await assert.rejects(end, /no longer wanted/);
  assert.equal(await threads.run({ do: "square", value: 2 }), 4);
});

test("a task that gives its thread no turn learns that it is given up, and one that waits behind it never begins", {
  timeout: 20_000,
}, async () => {
  await using threads = pool(1);
  const { end, controller } = await begin(threads, { do: "spin" });
  const waiting = new AbortController();
  const behind = threads.run({ do: "die" }, { signal: waiting.signal });
  const after = threads.run({ do: "square", value: 2 });
  waiting.abort(new Error("not wanted either"));
  await assert.rejects(behind, /not wanted either/);
  controller.abort(new Error("no longer wanted"));
  await assert.rejects(end, /no longer wanted/);
  assert.equal(threads.waiting, 1, "the thread is at work still");
  assert.equal(await after, 4);
});

test("of two tasks of a thread one is given up, and neither the other nor a later one in its place", async () => {
  await using threads = pool(1, 2);
  const first = await begin(threads, { do: "wait" });
  const second = await begin(threads, { do: "wait" });
  second.controller.abort(new Error("the second is not wanted"));
  await assert.rejects(second.end, /the second is not wanted/);
  // It looks whether it is given up before it begins, and after each answer.
  const answer = async (question: unknown) => ({ value: question });
  assert.deepEqual(await threads.run({ do: "ask", values: [1, 2] }, { answer }), [1, 2]);
  assert.equal(threads.running, 1);
  first.controller.abort(new Error("nor the first"));
  await assert.rejects(first.end, /nor the first/);
  assert.deepEqual(await threads.run({ do: "ask", values: [3] }, { answer }), [3]);
});

test("a task that is given up in the second place ends, and the first one goes on", { timeout: 20_000 }, async () => {
  await using threads = pool(1, 2);
  const questions = new EventTarget();
  const asked = once(questions, "asked");
  const { promise: go, resolve: letGo } = withResolvers();
  const answer = async (question: unknown) => {
    questions.dispatchEvent(new Event("asked"));
    await go;
    return { value: question };
  };
  const first = threads.run({ do: "ask", values: [5] }, { answer });
  await asked;
  const second = await begin(threads, { do: "spin" });
  second.controller.abort(new Error("not wanted"));
  await assert.rejects(second.end, /not wanted/);
  letGo();
  assert.deepEqual(await first, [5]);
});

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((one) => {
    resolve = one;
  });
  return { promise, resolve };
}

test("what a task leaves behind when it fails asks nobody, and harms no other", async () => {
  await using threads = pool(1);
  const asked: unknown[] = [];
  const answer = async (question: unknown) => {
    asked.push(question);
    return { value: undefined };
  };
  await assert.rejects(threads.run({ do: "leave" }, { answer }), /the task is over/);
  assert.equal(await threads.run({ do: "left" }), "AbortError: This operation was aborted");
  assert.deepEqual(asked, []);
});

test("a task asks and gets the answers in order", async () => {
  await using threads = pool(1);
  const answer = async (question: unknown) => ({ value: Number(question) + 1 });
  assert.deepEqual(await threads.run({ do: "ask", values: [1, 2, 3] }, { answer }), [2, 3, 4]);
});

test("what a thread asks for itself, the pool answers", async () => {
  const script = new URL("./echo-thread.js", import.meta.url);
  const answer = async (question: unknown) => ({ value: Number(question) * 10 });
  await using threads = new ThreadPool<EchoTask, unknown>({ script, name: "echo", threads: 1, answer });
  assert.equal(await threads.run({ do: "askPool", value: 4 }), 40);
});

test("a closed pool refuses tasks and ends those under way", async () => {
  const threads = pool(1);
  const waiting = threads.run({ do: "wait" }, { answer: async () => ({ value: undefined }) });
  const rejected = assert.rejects(waiting, (error) => isPssrError(error, "UNAVAILABLE"));
  await threads.close();
  await rejected;
  await assert.rejects(threads.run({ do: "square", value: 1 }), (error) => isPssrError(error, "UNAVAILABLE"));
});
