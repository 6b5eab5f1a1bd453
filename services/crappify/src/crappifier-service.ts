/** CrappifierService: crappifiers kept under a name, and the presets. */
import {
  type CrappifierPreset,
  type CrappifierServiceImplementation,
  type CreateCrappifierRequest,
  type DeleteCrappifierRequest,
  type Empty,
  type GetCrappifierRequest,
  type ListCrappifiersRequest,
  type ListCrappifiersResponse,
  type ListPresetsRequest,
  type ListPresetsResponse,
  newResourceId,
  PssrError,
  projectName,
  type SavedCrappifier,
} from "@pssr/api";
import { presets, toCrappifierMessage } from "@pssr/crappifiers";
import { type CallExtension, type RecordKey, readPageToken, takePage } from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import { type CrappifierCatalogue, crappifierKey, nameOfCrappifier } from "./crappifiers/crappifier-catalogue.js";
import type { StoredCrappifier } from "./crappifiers/crappifier-record.js";

type Context = CallContext & CallExtension;

const maximumDescription = 1000;

export class CrappifierRpcs implements CrappifierServiceImplementation<CallExtension> {
  constructor(private readonly crappifiers: CrappifierCatalogue) {}

  async createCrappifier(request: CreateCrappifierRequest, { signal }: Context): Promise<SavedCrappifier> {
    const { project } = projectName.parse(request.parent, "parent");
    const { requestId, crappifier: asked } = request;
    const id = newResourceId(request.crappifierId, requestId, "crappifier_id");
    if (asked === undefined) throw invalid("crappifier", "give the crappifier to save");
    const description = checkDescription(asked.description, "crappifier.description");
    const { crappifier } = await this.crappifiers.resolve(asked.crappifier, "crappifier.crappifier", project, {
      signal,
    });
    const key = { project, id };
    const wanted = { crappifier, description, createMs: Date.now() };
    return toSavedCrappifier(key, await this.crappifiers.create(key, requestId, wanted, { signal }));
  }

  async getCrappifier({ name }: GetCrappifierRequest, { signal }: Context): Promise<SavedCrappifier> {
    const key = crappifierKey(name);
    return toSavedCrappifier(key, await this.crappifiers.get(key, { signal }));
  }

  async listCrappifiers(request: ListCrappifiersRequest, { signal }: Context): Promise<ListCrappifiersResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const saved = this.crappifiers.list(project, readPageToken(request.pageToken), { signal });
    const { items, nextPageToken } = await takePage(saved, request.pageSize, ({ key }) => key.id);
    return { crappifiers: items.map(({ key, saved }) => toSavedCrappifier(key, saved)), nextPageToken };
  }

  async deleteCrappifier({ name }: DeleteCrappifierRequest, { signal }: Context): Promise<Empty> {
    await this.crappifiers.delete(crappifierKey(name), { signal });
    return {};
  }

  async listPresets({ pageSize, pageToken }: ListPresetsRequest): Promise<ListPresetsResponse> {
    const page = await takePage(presetsBehind(readPageToken(pageToken)), pageSize, ({ name }) => name);
    return { presets: page.items, nextPageToken: page.nextPageToken };
  }
}

async function* presetsBehind(after: string): AsyncIterable<CrappifierPreset> {
  for (const name of Object.keys(presets).sort()) {
    if (name <= after) continue;
    const { description, source, crappifier } = presets[name]!;
    yield { name, description, source, crappifier: toCrappifierMessage(crappifier) };
  }
}

function toSavedCrappifier(key: RecordKey, { crappifier, description, createMs }: StoredCrappifier): SavedCrappifier {
  return {
    name: nameOfCrappifier(key),
    crappifier: toCrappifierMessage(crappifier),
    description,
    createTime: new Date(createMs),
  };
}

function checkDescription(description: string, field: string): string {
  if (description.length <= maximumDescription) return description;
  throw invalid(field, `${description.length} characters are too many; use at most ${maximumDescription}`);
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
