/** The service crappify in this process, on a folder that goes with it, and datasets of one large image. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatasetServiceDefinition, ImageServiceDefinition } from "@pssr/api";
import { type CrappifyConfig, crappifySettings, DatasetCatalogue, startCrappify } from "@pssr/crappify";
import { createPixelArray, encodePng } from "@pssr/imaging";
import {
  bearerAuthenticator,
  connectService,
  createLogger,
  createProcessKeyring,
  FileObjectStore,
  FileStateStore,
  type Identity,
  loadConfig,
  MemoryEventBus,
  MemoryWorkQueue,
  type ObjectStore,
  Operations,
  tokenSource,
} from "@pssr/platform";

const project = "bench";
const parent = `projects/${project}`;
const imageSide = 2048;

export interface PairGround extends AsyncDisposable {
  address: string;
  token(): Promise<string>;
  tileSizes: readonly number[];
  /** The image's name. */
  image: string;
  datasetName(tileSize: number): string;
  datasetKey(tileSize: number): { project: string; id: string };
  objects: ObjectStore;
  datasets: DatasetCatalogue;
  cacheBytes: number;
  prefetchBytes: number;
}

export async function startPairGround(tileSizes: readonly number[]): Promise<PairGround> {
  const folder = await mkdtemp(join(tmpdir(), "pssr-bench-"));
  const log = createLogger({ service: "crappify", level: "warn" });
  const objects = await FileObjectStore.open(join(folder, "objects"));
  const state = await FileStateStore.open(join(folder, "state"));
  const queue = new MemoryWorkQueue();
  const ports = { objects, state, queue, events: new MemoryEventBus() };
  const keyring = createProcessKeyring();
  const report = (error: unknown, doing: string) => log.error({ err: error }, doing);
  const operations = new Operations(ports, { exclusive: true, report });
  const config: CrappifyConfig = loadConfig(crappifySettings, { argv: [], env: { PSSR_CRAPPIFY_THREADS: "1" } });
  const authenticator = bearerAuthenticator(keyring);
  const service = await startCrappify(config, { ports, operations, keyring, authenticator, log });
  await operations.start();
  const identity: Identity = { principal: "bench", projects: [project], role: "operator" };
  const token = tokenSource(keyring, identity);
  const connection = connectService(service.address, { peer: "crappify", token });
  try {
    const images = connection.client(ImageServiceDefinition);
    const file = encodePng(texture());
    const sha256 = createHash("sha256").update(file).digest("hex");
    const upload = { filename: "texture.png", sizeBytes: BigInt(file.length), sha256 };
    const { name } = await images.createUpload({ parent, upload });
    await images.writeUpload(pieces(name, file));
    const created = await images.createImage({ parent, imageId: "texture", upload: name });
    const { error } = await operations.wait(created.name);
    if (error !== undefined) throw new Error(`${error.reason}: ${error.message}`);
    const datasets = connection.client(DatasetServiceDefinition);
    for (const tileSize of tileSizes) {
      const dataset = { images: [`${parent}/images/texture`], tileSize };
      await datasets.createDataset({ parent, datasetId: `tiles-${tileSize}`, dataset });
    }
  } finally {
    connection.close();
  }
  return {
    address: service.address,
    token,
    tileSizes,
    image: `${parent}/images/texture`,
    datasetName: (tileSize) => `${parent}/datasets/tiles-${tileSize}`,
    datasetKey: (tileSize) => ({ project, id: `tiles-${tileSize}` }),
    objects,
    datasets: new DatasetCatalogue(ports),
    cacheBytes: config.tileCache,
    prefetchBytes: config.pairPrefetch,
    async [Symbol.asyncDispose]() {
      await operations.close();
      await service.close({ graceMs: 0 });
      queue.close();
      await rm(folder, { recursive: true });
    },
  };
}

function texture() {
  const pixels = createPixelArray("yx", [imageSide, imageSide], "uint8");
  for (let n = 0; n < pixels.data.length; n++) {
    const [row, column] = [Math.floor(n / imageSide), n % imageSide];
    pixels.data[n] = (row * row * 3 + column * 7 + ((row * column) % 31) * 5) % 256;
  }
  return pixels;
}

async function* pieces(name: string, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 256 * 1024) {
    yield { name: at === 0 ? name : "", offset: BigInt(at), data: bytes.subarray(at, at + 256 * 1024) };
  }
}
