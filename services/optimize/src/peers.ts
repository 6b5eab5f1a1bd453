/** The service that optimize asks: crappify, for images, their pixels, degraded tiles and saved crappifiers. */
import {
  CrappifierServiceDefinition,
  CrappifyServiceDefinition,
  type CreateCrappifierRequest,
  type Image,
  ImageServiceDefinition,
  impatient,
  isPssrError,
  type PreviewRequest,
  PssrError,
} from "@pssr/api";
import { type Crappifier, fromCrappifierMessage } from "@pssr/crappifiers";
import {
  bytesPerPixel,
  type Dtype,
  fromPixelBlock,
  type PixelData,
  pixelCount,
  pixelsOf,
  type Region,
} from "@pssr/imaging";
import {
  blaming,
  type CallFor,
  type ConnectServiceOptions,
  callOptions,
  connectService,
  type Keyring,
} from "@pssr/platform";

export interface PeerAddresses {
  /** `host:port` of the service that has images and crappifiers. */
  readonly crappify: string;
}

/** A tile waits for threads that others keep busy. */
const previewMs = 2 * 60_000;
/** A stream of pixels that brings nothing for so long is dead. */
const silenceMs = 60_000;

export class Peers {
  readonly #connection;
  readonly #images;
  readonly #crappify;
  readonly #crappifiers;

  constructor(
    addresses: PeerAddresses,
    private readonly keyring: Keyring,
    connection: Pick<ConnectServiceOptions, "limits" | "tls">,
  ) {
    this.#connection = connectService(addresses.crappify, { peer: "crappify", ...connection });
    this.#images = this.#connection.client(ImageServiceDefinition);
    this.#crappify = this.#connection.client(CrappifyServiceDefinition);
    this.#crappifiers = this.#connection.client(CrappifierServiceDefinition);
  }

  /** Throws NOT_FOUND, and whatever else, with `field` as the field to blame. */
  async image(name: string, field: string, call: CallFor): Promise<Image> {
    return blaming(field, this.#images.getImage({ name }, await this.#options(call)));
  }

  /** A region of an image; throws with `field` as the field to blame. */
  async pixels(name: string, dtype: Dtype, region: Region, field: string, call: CallFor): Promise<PixelData> {
    const { metadata } = await this.#options(call);
    const request = { name, region: { start: region.start.map(BigInt), shape: region.shape.map(BigInt) } };
    const bytes = new Uint8Array(pixelCount(region.shape) * bytesPerPixel[dtype]);
    const read = async () => {
      let at = 0;
      const blocks = impatient(
        (options) => this.#images.readPixels(request, { metadata, ...options }),
        silenceMs,
        call,
      );
      for await (const { data } of blocks) {
        if (at + data.length <= bytes.length) bytes.set(data, at);
        at += data.length;
      }
      if (at === bytes.length) return;
      throw new PssrError("UNAVAILABLE", `${name} came with ${at} of ${bytes.length} bytes; try again`);
    };
    await blaming(field, read());
    return pixelsOf(dtype, bytes);
  }

  /** The low-resolution pixels of a region that a crappifier has degraded, of the image's own type. */
  async degraded(request: PreviewRequest, field: string, call: CallFor): Promise<PixelData> {
    const options = { ...(await this.#options(call)), deadlineMs: previewMs };
    const { low } = await blaming(field, this.#crappify.preview(request, options));
    if (low === undefined) throw new PssrError("INTERNAL", "crappify answered a preview without pixels");
    return fromPixelBlock(low).data;
  }

  /** Undefined where there is none of that name. */
  async savedCrappifier(name: string, field: string, call: CallFor): Promise<Crappifier | undefined> {
    try {
      const { crappifier } = await this.#crappifiers.getCrappifier({ name }, await this.#options(call));
      return fromCrappifierMessage(crappifier, field);
    } catch (error) {
      if (isPssrError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** The same request again finds what the first one made; ALREADY_EXISTS where the id is, or was, another's. */
  async createCrappifier(request: CreateCrappifierRequest, call: CallFor): Promise<string> {
    const { name } = await this.#crappifiers.createCrappifier(request, await this.#options(call));
    return name;
  }

  close(): void {
    this.#connection.close();
  }

  #options(call: CallFor) {
    return callOptions(call, this.keyring);
  }
}
