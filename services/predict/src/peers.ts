/** The services that predict asks: crappify for images, train for models. Each call carries the identity it is made for. */
import {
  type Image,
  ImageServiceDefinition,
  imageName,
  ModelServiceDefinition,
  type ModelVersion,
  projectName,
  type RegisterImageRequest,
} from "@pssr/api";
import {
  blaming,
  type CallFor,
  type ConnectServiceOptions,
  callOptions,
  connectService,
  type Keyring,
} from "@pssr/platform";

export interface PeerAddresses {
  /** `host:port` of the image service. */
  readonly crappify: string;
  /** `host:port` of the model service. */
  readonly train: string;
}

/** The image's owner reads every pixel of it for the digest. */
const registrationMs = 15 * 60_000;

export class Peers {
  readonly #crappify;
  readonly #train;
  readonly #images;
  readonly #models;

  constructor(
    addresses: PeerAddresses,
    private readonly keyring: Keyring,
    connection: Pick<ConnectServiceOptions, "limits" | "tls">,
  ) {
    this.#crappify = connectService(addresses.crappify, { peer: "crappify", ...connection });
    this.#train = connectService(addresses.train, { peer: "train", ...connection });
    this.#images = this.#crappify.client(ImageServiceDefinition);
    this.#models = this.#train.client(ModelServiceDefinition);
  }

  /** Throws NOT_FOUND, and whatever else, with `field` as the field to blame. */
  async image(name: string, field: string, call: CallFor): Promise<Image> {
    return blaming(field, this.#images.getImage({ name }, await this.#options(call)));
  }

  async modelVersion(name: string, field: string, call: CallFor): Promise<ModelVersion> {
    return blaming(field, this.#models.getModelVersion({ name }, await this.#options(call)));
  }

  /** Keeps the id of an image for the operation `owner`. Throws ALREADY_EXISTS where it is taken; may be repeated. */
  async reserveImage(name: string, owner: string, call: CallFor): Promise<void> {
    await this.#images.reserveImage({ ...idOf(name), owner }, await this.#options(call));
  }

  /** Gives back what `owner` keeps; harmless where it keeps nothing. */
  async releaseImage(name: string, owner: string, call: CallFor): Promise<void> {
    await this.#images.releaseImage({ ...idOf(name), owner }, await this.#options(call));
  }

  async registerImage(request: RegisterImageRequest, call: CallFor): Promise<Image> {
    return this.#images.registerImage(request, { ...(await this.#options(call)), deadlineMs: registrationMs });
  }

  close(): void {
    this.#crappify.close();
    this.#train.close();
  }

  #options(call: CallFor) {
    return callOptions(call, this.keyring);
  }
}

function idOf(name: string): { parent: string; imageId: string } {
  const { project, image } = imageName.parse(name);
  return { parent: projectName.format({ project }), imageId: image };
}
