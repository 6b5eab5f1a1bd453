import { NatsEventBus } from "@pssr/platform";
import { natsOfTests, report } from "../nats/nats.js";
import { eventBusContract } from "./contract.js";

const nats = natsOfTests();

eventBusContract("NATS events", async (context) => NatsEventBus.open(await nats.connect(context), { report }));
