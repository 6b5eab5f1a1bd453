/** What is told of operations to those who subscribe from outside, who have nothing of ours but docs/events.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { Progress } from "@pssr/api";
import { Operations, openClusterPorts, runInScope, typedMessage } from "@pssr/platform";
import { natsOfTests, report } from "../nats/nats.js";
import { s3Config } from "../objects/s3-bucket.js";
import { moment } from "./bench.js";
import { text, thingKind } from "./thing-kind.js";

const nats = natsOfTests();
const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };

test("a plain NATS client hears of every step as CloudEvents, in the trace of the call that submitted", async (context) => {
  const config = { ...nats.config({ name: "told" }), ...(await s3Config()) };
  const open = await openClusterPorts(config, { report });
  const operations = new Operations(open.ports, { exclusive: false, report });
  const plain = await connect({ servers: nats.server.url });
  context.after(async () => {
    await operations.close();
    await open.close();
    await plain.close();
  });
  const heard = moment<Told[]>();
  const events: Told[] = [];
  const subscription = plain.subscribe("told.events.operations.p1.>", {
    callback(_error, message) {
      const event = message.json<Told["event"]>();
      events.push({ subject: message.subject, traceparent: message.headers?.get("traceparent"), event });
      if (event.data.done) heard.happen(events);
    },
  });
  await plain.flush();
  const progress = typedMessage(
    "Progress",
    Progress.encode(Progress.fromPartial({ phase: "half", fraction: 0.5 })).finish(),
  );
  operations.register(
    thingKind(open.ports.state, async (job) => {
      job.progress(progress);
      return { value: text("made") };
    }),
  );
  await operations.start();
  await runInScope({ trace }, () =>
    operations.submit({ kind: "thing", project: "p1", principal: "ann", resource: "one", request: text("make") }),
  );
  const told = await heard.happened;
  subscription.unsubscribe();
  const data = told.map(({ event }) => event.data);
  assert.deepEqual([...new Set(data.map(({ state }) => state))], ["PENDING", "RUNNING", "SUCCEEDED"]);
  assert.deepEqual(data.find((one) => one.progress !== undefined)?.progress?.message, { phase: "half", fraction: 0.5 });
  for (const { subject, traceparent, event } of told) {
    assert.equal(subject, "told.events.operations.p1.thing-one");
    assert.deepEqual(
      [event.specversion, event.type, event.source, event.data.operation, event.data.resource],
      [
        "1.0",
        "dev.pssr.operation.v1",
        "/projects/p1/operations/thing-one",
        "projects/p1/operations/thing-one",
        "projects/p1/things/one",
      ],
    );
    assert.match(event.time, /^\d{4}-\d\d-\d\dT/);
    for (const one of [traceparent, event.traceparent]) assert.match(one ?? "", new RegExp(`^00-${trace.traceId}-`));
  }
  assert.equal(new Set(told.map(({ event }) => event.id)).size, told.length, "each event has an id of its own");
  const revisions = data.map(({ revision }) => BigInt(revision));
  assert.deepEqual(
    revisions,
    revisions.toSorted((a, b) => (a < b ? -1 : 1)),
  );

  // Who comes late reads the last one from the stream, with a consumer of JetStream.
  const late = await open.ports.events.subscribe("operations/")[Symbol.asyncIterator]().next();
  assert.equal(JSON.parse(new TextDecoder().decode(late.value.data)).data.state, "SUCCEEDED");
});

interface Told {
  subject: string;
  traceparent: string | undefined;
  event: {
    specversion: string;
    type: string;
    source: string;
    id: string;
    time: string;
    traceparent?: string;
    data: {
      operation: string;
      resource: string;
      state: string;
      done: boolean;
      revision: string;
      progress?: { message?: unknown };
    };
  };
}
