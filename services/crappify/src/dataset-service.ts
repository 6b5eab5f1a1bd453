/** DatasetService: which images a network learns from, how they are cut, and what is held back. */
import {
  type CreateDatasetRequest,
  type Dataset,
  type DatasetServiceImplementation,
  type DeleteDatasetRequest,
  datasetName,
  type Empty,
  type GetDatasetRequest,
  type ListDatasetsRequest,
  type ListDatasetsResponse,
  newResourceId,
  projectName,
} from "@pssr/api";
import { type CallExtension, type RecordKey, readPageToken, takePage } from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import type { DatasetCatalogue } from "./datasets/dataset-catalogue.js";
import { draftDataset } from "./datasets/dataset-draft.js";
import { fromDatasetRequest, toDataset } from "./datasets/dataset-message.js";
import type { ImageCatalogue } from "./images/image-catalogue.js";

type Context = CallContext & CallExtension;

export interface DatasetServiceParts {
  datasets: DatasetCatalogue;
  images: ImageCatalogue;
}

export class DatasetRpcs implements DatasetServiceImplementation<CallExtension> {
  constructor(private readonly parts: DatasetServiceParts) {}

  async createDataset(request: CreateDatasetRequest, { signal }: Context): Promise<Dataset> {
    const { datasets, images } = this.parts;
    const { project } = projectName.parse(request.parent, "parent");
    const { requestId } = request;
    const id = newResourceId(request.datasetId, requestId, "dataset_id");
    const key = { project, id };
    const wanted = fromDatasetRequest(request.dataset, "dataset");
    const { draft, manifest, confirm } = await draftDataset(project, wanted, images, { signal });
    const dataset = await datasets.create(key, requestId, draft, manifest, confirm, { signal });
    return toDataset(key, dataset, wanted.images);
  }

  async getDataset(request: GetDatasetRequest, { signal }: Context): Promise<Dataset> {
    const key = datasetKey(request.name);
    const dataset = await this.parts.datasets.get(key, { signal });
    const { images } = await this.parts.datasets.readManifest(dataset, { signal });
    return toDataset(
      key,
      dataset,
      images.map(({ name }) => name),
    );
  }

  async listDatasets(request: ListDatasetsRequest, { signal }: Context): Promise<ListDatasetsResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const datasets = this.parts.datasets.list(project, readPageToken(request.pageToken), { signal });
    const { items, nextPageToken } = await takePage(datasets, request.pageSize, ({ key }) => key.id);
    return { datasets: items.map(({ key, dataset }) => toDataset(key, dataset, [])), nextPageToken };
  }

  async deleteDataset(request: DeleteDatasetRequest, { signal }: Context): Promise<Empty> {
    await this.parts.datasets.delete(datasetKey(request.name), { signal });
    return {};
  }
}

export function datasetKey(name: string, field = "name"): RecordKey {
  const { project, dataset } = datasetName.parse(name, field);
  return { project, id: dataset };
}
