/**
 * A service in a process of its own, to be stopped or killed: `node answering-process.js BIND NAME SECRET [SETTING…]`. It sends
 * its address, answers GetDataset and CreateDataset with its name as the digest, and streams revisions from WatchOperation.
 */
import { setTimeout } from "node:timers/promises";
import { Dataset, DatasetServiceDefinition, OperationWatchServiceDefinition, WatchOperationResponse } from "@pssr/api";
import {
  bearerAuthenticator,
  createLogger,
  grpcService,
  grpcSettings,
  identityKeys,
  loadConfig,
  sharedKeyring,
  startGrpcServer,
} from "@pssr/platform";

const [bind, instance, secret, ...argv] = process.argv.slice(2) as [string, string, string, ...string[]];
const none = async (): Promise<never> => {
  throw new Error("not in this test");
};
const server = await startGrpcServer({
  bind,
  services: [
    grpcService(DatasetServiceDefinition, {
      getDataset: async ({ name }) => Dataset.fromPartial({ name, digest: instance }),
      createDataset: async ({ parent }) => Dataset.fromPartial({ name: parent, digest: instance }),
      listDatasets: none,
      deleteDataset: none,
    }),
    grpcService(OperationWatchServiceDefinition, {
      async *watchOperation(_, { signal }) {
        for (let revision = 1n; ; revision++) {
          yield WatchOperationResponse.fromPartial({ revision });
          await setTimeout(10, undefined, { signal });
        }
      },
    }),
  ],
  authenticator: bearerAuthenticator(sharedKeyring(identityKeys().read(secret))),
  log: createLogger({ service: instance, level: "silent" }),
  limits: loadConfig(grpcSettings, { argv, env: {} }),
});
process.send!(server.address);
