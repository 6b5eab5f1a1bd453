/** A process that waits for jobs, in our queue and in the plain client's, and tells how long each was on its way. */
import { once } from "node:events";
import { connect } from "@nats-io/transport-node";
import { nowMs, readNumber } from "./clock.js";
import { portsOf } from "./ground.js";
import { plainConsumer } from "./plain-queue.js";

const open = await portsOf(process.env);
const nats = await connect({ servers: process.env.PSSR_NATS_URL! });
const consumer = await plainConsumer(nats);
const closing = new AbortController();

async function claimOurs(): Promise<void> {
  const { queue } = open.ports;
  for (let next = queue.claim("bench", closing); ; ) {
    const claim = await next;
    const tookMs = nowMs() - readNumber(claim.payload);
    await claim.ack();
    next = queue.claim("bench", closing);
    process.send!(tookMs);
  }
}

async function pullPlain(): Promise<void> {
  for (let next = consumer.next(); ; ) {
    const message = await next;
    const at = nowMs();
    if (message !== null) await message.ackAck();
    next = consumer.next();
    if (message !== null) process.send!(at - readNumber(message.data));
  }
}

// Both end with an error once we close what they wait on.
const working = Promise.allSettled([claimOurs(), pullPlain()]);
process.send!("ready");
await once(process, "disconnect");
closing.abort();
await nats.close();
await working;
await open.close();
