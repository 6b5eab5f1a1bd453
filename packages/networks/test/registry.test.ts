import assert from "node:assert/strict";
import { test } from "node:test";
import { PssrError } from "@pssr/api";
import { createNetwork, families, resolveNetworkConfig } from "@pssr/networks";

function fieldOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof PssrError);
    assert.equal(error.reason, "INVALID_FIELD");
    return error.field;
  }
  return undefined;
}

test("an empty request becomes the default network with every option filled in", () => {
  assert.deepEqual(resolveNetworkConfig({}), {
    family: "compact",
    scale: 4,
    frames: 1,
    options: { width: 64, depth: 1, blocks: 1 },
  });
});

test("a value out of range names its field", () => {
  assert.equal(
    fieldOf(() => createNetwork({ family: "resnet" }, "training.network")),
    "training.network.family",
  );
  assert.equal(
    fieldOf(() => createNetwork({ scale: 2.5 })),
    "network.scale",
  );
  assert.equal(
    fieldOf(() => createNetwork({ frames: 2 })),
    "network.frames",
  );
  assert.equal(
    fieldOf(() => createNetwork({ options: { width: 4096 } })),
    "network.options.width",
  );
  assert.equal(
    fieldOf(() => createNetwork({ options: { depth: 1.5 } })),
    "network.options.depth",
  );
  assert.equal(
    fieldOf(() => createNetwork({ options: { layers: 3 } })),
    "network.options.layers",
  );
  assert.equal(
    fieldOf(() => createNetwork({ options: { toString: 3 } as never })),
    "network.options.toString",
  );
});

test("options in range that together make a network too large to store are refused before anything is allocated", () => {
  const options = { width: 256, depth: 4, blocks: 16 };
  assert.equal(
    fieldOf(() => createNetwork({ options })),
    "network.options",
  );
});

test("a resolved configuration resolves to itself", () => {
  for (const family of families) {
    const config = resolveNetworkConfig({ family: family.name, scale: 2, frames: 3 });
    assert.deepEqual(resolveNetworkConfig(config), config);
    assert.deepEqual(createNetwork(config).config, config);
  }
});
