import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { loadTensorFlow, prepareEnvironment } from "../../dist/learning/tensorflow.js";

test("a library that cannot be loaded is a typed error with the remedy, and no obstacle to a later load", (t) => {
  t.mock.method(process, "dlopen", () => {
    throw new Error("libtensorflow_cc.so.2: cannot open shared object file\nmore");
  });
  assert.throws(
    () => loadTensorFlow(),
    (error) =>
      isPssrError(error, "NATIVE_LIBRARY_MISSING") &&
      error.message.includes("(libtensorflow_cc.so.2: cannot open shared object file)") &&
      error.message.includes("make build"),
  );
  t.mock.restoreAll();
  const tf = loadTensorFlow();
  assert.equal(tf.getBackend(), "tensorflow");
});

test("what the environment says about TensorFlow is kept, the rest is set", (t) => {
  const names = ["TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS"];
  const before = names.map((name) => process.env[name]);
  t.after(() => {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  });
  process.env.TF_NUM_INTRAOP_THREADS = "7";
  delete process.env.TF_ENABLE_ONEDNN_OPTS;
  prepareEnvironment({ threads: 3 });
  assert.deepEqual(
    names.map((name) => process.env[name]),
    ["7", "1"],
  );
});
