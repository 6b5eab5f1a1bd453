/** Between the contract's networks and the registry's: every option becomes a number, and errors name the contract's fields. */
import { isPssrError, type NetworkSpec, PssrError } from "@pssr/api";
import { createNetwork, type Network, receptiveField, resolveNetworkConfig } from "@pssr/networks";

const scaleField = "training.crappifier.sampling.scale";

/** The network that a caller asks for; 0 and absent options take the family's defaults. Throws INVALID_FIELD. */
export function networkOf(asked: NetworkSpec | undefined, scale: number): Network {
  const { width = 0, blocks = 0, depth } = asked?.family?.value ?? {};
  const options = {
    ...(width === 0 ? {} : { width }),
    ...(blocks === 0 ? {} : { blocks }),
    ...(depth === undefined ? {} : { depth }),
  };
  const family = asked?.family?.$case ?? "compact";
  try {
    return createNetwork(resolveNetworkConfig({ family, scale, frames: 1, options }, "training.network"));
  } catch (error) {
    if (!isPssrError(error, "INVALID_FIELD") || error.field === undefined) throw error;
    const field = contractField(error.field, family);
    throw new PssrError("INVALID_FIELD", error.message.replace(error.field, field), { field, cause: error });
  }
}

/** The network as the contract has it, with all its numbers. */
export function toNetworkSpec({ config: { options } }: Network): NetworkSpec {
  const { width, blocks, depth } = options as { width: number; blocks: number; depth: number };
  return { family: { $case: "compact", value: { width, blocks, depth } } };
}

/** Throws INVALID_FIELD where tiles of `tileSize` high-resolution pixels, a multiple of the scale, do not fit the network. */
export function checkTileSize(network: Network, tileSize: number): void {
  const { scale } = network.config;
  const { grid } = receptiveField(network);
  if ((tileSize / scale) % grid !== 0) {
    throw invalid(
      "training.network.compact.depth",
      `tiles of ${tileSize / scale} low-resolution pixels do not halve evenly at every level; the network needs a multiple of ${grid}: use a smaller depth, or a dataset whose tile_size is a multiple of ${grid * scale}`,
    );
  }
}

function contractField(field: string, family: string): string {
  if (field === "training.network.scale") return scaleField;
  return field.replace("training.network.options", `training.network.${family}`);
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
