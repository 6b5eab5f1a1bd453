/** CrappifierService: crappifiers kept under a name, and the presets. */
import { createHash } from "node:crypto";
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
  SavedCrappifier,
} from "@pssr/api";
import { presets, toCrappifierMessage } from "@pssr/crappifiers";
import { type CallExtension, type RecordKey, readPageToken, takePage } from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import { checkKeepable } from "./crappifiers/check-keepable.js";
import { type CrappifierCatalogue, crappifierKey, nameOfCrappifier } from "./crappifiers/crappifier-catalogue.js";
import type { StoredCrappifier } from "./crappifiers/crappifier-record.js";

type Context = CallContext & CallExtension;

const maximumDescription = 1000;
/** What a crappifier may take of its own record, as JSON, and of the requests of operations that call it by its name. */
const maximumBytes = 16 * 1024;

export class CrappifierRpcs implements CrappifierServiceImplementation<CallExtension> {
  constructor(private readonly crappifiers: CrappifierCatalogue) {}

  async createCrappifier(request: CreateCrappifierRequest, { signal }: Context): Promise<SavedCrappifier> {
    const { project } = projectName.parse(request.parent, "parent");
    const { requestId, crappifier: asked } = request;
    const id = newResourceId(request.crappifierId, requestId, "crappifier_id");
    if (asked === undefined) throw invalid("crappifier", "give the crappifier to save");
    const description = checkDescription(asked.description, "crappifier.description");
    const key = { project, id };
    // A crappifier that it is made of may be gone since: a repeated request finds what it has made all the same.
    const make = async () => {
      const { crappifier } = await this.crappifiers.resolve(asked.crappifier, "crappifier.crappifier", project, {
        signal,
      });
      checkKeepable(crappifier, maximumBytes, "crappifier.crappifier");
      return { crappifier, description, createMs: Date.now() };
    };
    const madeBy = { requestId, asked: digestOf(asked) };
    return toSavedCrappifier(key, await this.crappifiers.create(key, madeBy, make, { signal }));
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

/** Of what a caller decides. The fields of maps come in any order, in Go in another one each time. */
function digestOf({ crappifier, description }: SavedCrappifier): string {
  const asked = SavedCrappifier.toJSON(SavedCrappifier.fromPartial({ crappifier, description }));
  const ordered = JSON.stringify(asked, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash("sha256").update(ordered).digest("hex");
}

function checkDescription(description: string, field: string): string {
  if (description.length <= maximumDescription) return description;
  throw invalid(field, `${description.length} characters are too many; use at most ${maximumDescription}`);
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
