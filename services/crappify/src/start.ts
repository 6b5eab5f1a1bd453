/** Starts the service crappify: images, datasets, saved crappifiers, CrappifyService, and the workers that decode uploads. */
import {
  CrappifierServiceDefinition,
  CrappifyServiceDefinition,
  DatasetServiceDefinition,
  ImageServiceDefinition,
  isPssrError,
  operationName,
} from "@pssr/api";
import {
  grpcService,
  type Operations,
  type RunningService,
  type ServiceContext,
  startGrpcServer,
} from "@pssr/platform";
import type { CrappifyConfig } from "./config.js";
import { CrappifierRpcs } from "./crappifier-service.js";
import { CrappifierCatalogue } from "./crappifiers/crappifier-catalogue.js";
import { CrappifyRpcs } from "./crappify-service.js";
import { DatasetRpcs } from "./dataset-service.js";
import { DatasetCatalogue } from "./datasets/dataset-catalogue.js";
import { ExternalCrappifiers } from "./external/external-crappifiers.js";
import { ImageRpcs } from "./image-service.js";
import { crappifiedImage } from "./images/crappified-image.js";
import { ImageCatalogue, nameOfImage } from "./images/image-catalogue.js";
import { ImageExports } from "./images/image-exports.js";
import { imageImport } from "./images/image-import.js";
import { imageJobs } from "./images/image-jobs.js";
import { AbandonedImportFolders } from "./images/import-folder.js";
import { PairStreams } from "./pairs/pair-streams.js";
import { PixelReader } from "./pixels/pixel-reader.js";
import { startSweeping } from "./sweeping.js";
import { UploadStore } from "./uploads/upload-store.js";

/** Starts the service and registers the operation kinds "image" and "crappification"; close the operations before it. */
export async function startCrappify(config: CrappifyConfig, context: ServiceContext): Promise<RunningService> {
  const { ports, operations, authenticator, log, tls } = context;
  const { objects } = ports;
  // First: it may refuse its settings, when there is nothing to be closed yet.
  const external = new ExternalCrappifiers({
    addresses: config.externalCrappifiers,
    deadlineMs: config.externalCrappifierDeadline,
    calls: config.externalCrappifierCalls,
    caFile: config.externalCrappifierCaFile,
  });
  const uploads = new UploadStore(ports, config.maxUploadBytes);
  const images = new ImageCatalogue(ports);
  const datasets = new DatasetCatalogue(ports);
  const crappifiers = new CrappifierCatalogue(ports);
  // A tenth is enough for exports, which read every pixel once and in order.
  const exportCacheBytes = Math.ceil(config.tileCache / 10);
  const exports = new ImageExports(objects, { cacheBytes: exportCacheBytes });
  const pixels = new PixelReader({
    objects,
    threads: config.crappifyThreads,
    cacheBytes: config.tileCache - exportCacheBytes,
    external,
  });
  const bands = { threads: config.crappifyImageThreads, memoryBytes: config.crappifyImageMemory };
  const pairs = new PairStreams({ datasets, pixels, prefetchBytes: config.pairPrefetch, log });
  operations.register(
    imageJobs({
      images,
      maker: imageImport({
        uploads,
        objects,
        limits: { memoryBytes: config.importMemory, timeMs: config.importTime, pixels: config.maxImagePixels },
      }),
      concurrency: config.importConcurrency,
    }),
  );
  operations.register(
    imageJobs({
      images,
      maker: crappifiedImage({ images, objects, limits: bands }),
      concurrency: config.crappifyImageConcurrency,
    }),
  );

  const importFolders = new AbandonedImportFolders();

  const stop = new AbortController();
  const { signal } = stop;
  const isExpected = (project: string, operation: string) =>
    mayStillEndWell(operations, project, operation, { signal });
  const watching = pairs.watch({ signal });
  const sweeping = startSweeping(
    [
      () => uploads.sweep(isExpected, { signal }),
      () => datasets.sweep({ signal }),
      () =>
        images.sweep(
          {
            usedBy: (key) => datasets.userOf(key.project, nameOfImage(key), { signal }),
            isExpected,
          },
          { signal },
        ),
      () => exports.sweep({ signal }),
      () => importFolders.sweep({ signal }),
    ],
    { signal, log },
  );
  const release = async () => {
    stop.abort();
    await Promise.all([watching, sweeping, pixels.close(), exports.close()]);
    external.close();
  };
  try {
    const server = await startGrpcServer({
      bind: config.crappifyBind,
      services: [
        grpcService(ImageServiceDefinition, new ImageRpcs({ uploads, images, datasets, exports, pixels, operations })),
        grpcService(DatasetServiceDefinition, new DatasetRpcs({ datasets, images })),
        grpcService(CrappifierServiceDefinition, new CrappifierRpcs(crappifiers)),
        grpcService(
          CrappifyServiceDefinition,
          new CrappifyRpcs({ crappifiers, images, pixels, bands, pairs, external, operations }),
        ),
      ],
      authenticator,
      log,
      limits: config,
      tls,
    });
    return {
      address: server.address,
      bound: server.bound,
      async close({ graceMs }) {
        await server.close({ graceMs });
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** False for an operation that is unknown or has ended without a result. */
async function mayStillEndWell(
  operations: Operations,
  project: string,
  operation: string,
  { signal }: { signal: AbortSignal },
): Promise<boolean> {
  try {
    const { state } = await operations.get(operationName.format({ project, operation }), { signal });
    return state !== "FAILED" && state !== "CANCELLED";
  } catch (error) {
    if (isPssrError(error, "NOT_FOUND")) return false;
    throw error;
  }
}
