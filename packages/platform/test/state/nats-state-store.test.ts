import { NatsStateStore } from "@pssr/platform";
import { natsOfTests, report } from "../nats/nats.js";
import { stateStoreContract } from "./contract.js";

const nats = natsOfTests();

stateStoreContract("NATS state", async (context) => {
  const store = await NatsStateStore.open(await nats.connect(context), { report });
  context.after(() => store.close());
  return store;
});
