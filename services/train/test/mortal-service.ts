/**
 * The service train in a process that a test can kill: `node mortal-service.js DIRECTORY CRAPPIFY OPERATION STEPS` works
 * on a training that was taken in before, and says so when that many steps are done.
 */
import { openInstallation, stateOf, testKeyring } from "./installation.js";

const [directory, crappify, operation, steps] = process.argv.slice(2) as [string, string, string, string];
const config = { checkpointInterval: 1 };
const installation = await openInstallation({ directory, crappify, keyring: testKeyring(), config });
await stateOf(installation, { name: operation }, ({ progress }) => progress?.done === BigInt(steps));
process.send!(`${steps} steps`);
