/** `pssr service NAME`: one service alone in this process, the same as its own executable. */
import { PssrError } from "@pssr/api";
import type { ServiceProgram } from "@pssr/platform";
import type { Interruption } from "@pssr/platform/process-end";
import { type Command, Option } from "commander";

/** Each loaded only when it is asked for. */
const programs: Readonly<Record<string, () => Promise<ServiceProgram>>> = {
  crappify: async () => (await import("@pssr/crappify")).crappifyProgram,
  train: async () => (await import("@pssr/train")).trainProgram,
  predict: async () => (await import("@pssr/predict")).predictProgram,
  optimize: async () => (await import("@pssr/optimize")).optimizeProgram,
  gateway: async () => (await import("@pssr/gateway")).gatewayProgram,
};

export function addServiceCommand(program: Command, interruption: Interruption): void {
  const names = Object.keys(programs).join(", ");
  program
    .command("service")
    .description(`start one service alone: ${names}`)
    .argument("<name>", "which service")
    .argument("[settings...]", "settings as --name value; `pssr service NAME --settings` lists them")
    .addOption(new Option("--settings", "list the service's settings and end"))
    .allowUnknownOption()
    .action(async (name: string, _settings: string[], options: { settings?: boolean }, command: Command) => {
      const load = Object.hasOwn(programs, name) ? programs[name] : undefined;
      if (load === undefined) throw new PssrError("INVALID_FIELD", `"${name}" is no service; there are ${names}`);
      const { describeConfig, serve, startProgram } = await import("@pssr/platform");
      const service = await load();
      if (options.settings) {
        process.stdout.write(`${describeConfig(service.settings)}\n`);
        return;
      }
      const sources = { argv: command.args.slice(1), env: process.env };
      await serve(name, () => startProgram(service, sources, interruption), interruption.signal);
    });
}
