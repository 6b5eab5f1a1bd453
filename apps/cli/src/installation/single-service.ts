/**
 * One service alone in a process, as a cluster runs it: told where its peers are, and with a key that all services of the
 * installation share. On the embedded adapters each process has a data directory of its own, so services that share
 * images and work must share the cluster's adapters; crappify is of use alone.
 */

import { PssrError } from "@pssr/api";
import { crappifySettings, startCrappify } from "@pssr/crappify";
import { gatewaySettings, startGateway } from "@pssr/gateway";
import {
  bearerAuthenticator,
  type Config,
  type ConfigSources,
  createKeyring,
  type Keyring,
  kinds,
  loadConfig,
  type RunningService,
  type Settings,
  secret,
  setting,
} from "@pssr/platform";
import { predictSettings, startPredict } from "@pssr/predict";
import { startTrain, trainSettings } from "@pssr/train";
import { Runtime } from "./runtime.js";
import { processSettings } from "./settings.js";

const { address, text } = kinds;

const own = {
  ...processSettings,
  identityKey: secret(text(), {
    description:
      "Secret of at least 32 bytes that signs the identity which services hand to each other; the same for all",
  }),
} as const;
const peer = (name: string, port: number) =>
  setting(address(), { default: `127.0.0.1:${port}`, description: `Where ${name} listens` });
const crappifyPeer = { crappifyAddress: peer("crappify", 7701) };
const trainPeer = { trainAddress: peer("train", 7702) };
const predictPeer = { predictAddress: peer("predict", 7703) };

export const serviceSettings = {
  crappify: { ...own, ...crappifySettings },
  train: { ...own, ...trainSettings, ...crappifyPeer },
  predict: { ...own, ...predictSettings, ...crappifyPeer, ...trainPeer },
  gateway: { ...own, ...gatewaySettings, ...crappifyPeer, ...trainPeer, ...predictPeer },
} as const satisfies Record<string, Settings>;

export interface SingleService {
  readonly address: string;
  close(): Promise<void>;
}

/** What starts each service, from the command line's words and the environment. */
export const singleServices: Record<keyof typeof serviceSettings, (sources: ConfigSources) => Promise<SingleService>> =
  {
    async crappify(sources) {
      const config = loadConfig(serviceSettings.crappify, sources);
      return await alone(config, (runtime) => startCrappify(config, runtime.context("crappify")));
    },
    async train(sources) {
      const config = loadConfig(serviceSettings.train, sources);
      return await alone(config, (runtime) =>
        startTrain(config, runtime.context("train"), { crappify: config.crappifyAddress }),
      );
    },
    async predict(sources) {
      const config = loadConfig(serviceSettings.predict, sources);
      const peers = { crappify: config.crappifyAddress, train: config.trainAddress };
      return await alone(config, (runtime) => startPredict(config, runtime.context("predict"), peers));
    },
    async gateway(sources) {
      const config = loadConfig(serviceSettings.gateway, sources);
      const backends = { crappify: config.crappifyAddress, train: config.trainAddress, predict: config.predictAddress };
      return await alone(config, (runtime) => startGateway(config, runtime.context("gateway"), backends));
    },
  };

async function alone(
  config: Config<typeof own>,
  start: (runtime: Runtime) => Promise<RunningService>,
): Promise<SingleService> {
  const keyring = sharedKeyring(config.identityKey);
  const runtime = await Runtime.open(config, keyring, bearerAuthenticator(keyring));
  try {
    const address = await runtime.adopt(start(runtime));
    await runtime.work();
    return { address, close: () => runtime.close() };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

function sharedKeyring(key: string | undefined): Keyring {
  if (key === undefined) {
    throw new PssrError(
      "INVALID_CONFIGURATION",
      "a service alone needs the key that all services share: set PSSR_IDENTITY_KEY_FILE to a file with at least 32 random bytes of text",
      { field: "identityKey" },
    );
  }
  const secretBytes = new TextEncoder().encode(key);
  return createKeyring([{ id: "shared", algorithm: "HS256", sign: secretBytes, verify: secretBytes }], {
    configured: true,
  });
}
