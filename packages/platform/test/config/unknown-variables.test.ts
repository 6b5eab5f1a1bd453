import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, unknownVariables, warnOfUnknownVariables } from "@pssr/platform";

test("a variable that nothing reads is found, with the setting that may be meant", () => {
  const env = {
    PSSR_TILE_CASH: "1GiB",
    PSSR_LOGLEVEL: "debug",
    PSSR_SOMETHING_ELSE_ALTOGETHER: "1",
    PATH: "/bin",
  };
  assert.deepEqual(unknownVariables(env), [
    { name: "PSSR_LOGLEVEL", nearest: "PSSR_LOG_LEVEL" },
    { name: "PSSR_SOMETHING_ELSE_ALTOGETHER", nearest: undefined },
    { name: "PSSR_TILE_CASH", nearest: "PSSR_TILE_CACHE" },
  ]);
});

test("what another part of the product reads is known, and so is what Kubernetes says of services", () => {
  const names = [
    "PSSR_TILE_CACHE", // crappify's
    "PSSR_TOKENS_FILE", // the gateway's
    "PSSR_NATS_TOKEN_FILE", // a secret in a file
    "PSSR_ADDRESS", // the command's
    "PSSR_CA_FILE",
    "PSSR_WAIT", // make deploy's
    "PSSR_VERSION", // deploy/compose.yaml's
    "PSSR_TEST_SERVERS", // the tests'
    "PSSR_SERVICE_HOST",
    "PSSR_GATEWAY_SERVICE_PORT_GRPC",
    "PSSR_GATEWAY_PORT",
    "PSSR_GATEWAY_PORT_7717_TCP_ADDR",
  ];
  assert.deepEqual(unknownVariables(Object.fromEntries(names.map((name) => [name, "x"]))), []);
});

test("each is a warning that names it, and its value is in no line", () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) };
  const log = createLogger({ service: "test", level: "info", destination });
  warnOfUnknownVariables({ PSSR_IDENTITY_KYE: "secret" }, log);
  assert.deepEqual(
    lines.map(({ level, msg, variable }) => [level, msg, variable]),
    [["warn", "PSSR_IDENTITY_KYE is no setting; is PSSR_IDENTITY_KEY meant?", "PSSR_IDENTITY_KYE"]],
  );
  assert.doesNotMatch(JSON.stringify(lines), /secret/);
});
