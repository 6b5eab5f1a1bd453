/** `pssr service NAME`: one service alone in this process, the way a cluster runs it. */
import { PssrError } from "@pssr/api";
import { type Command, Option } from "commander";

const names = ["crappify", "train", "predict", "gateway"] as const;

export function addServiceCommand(program: Command, signal: AbortSignal): void {
  program
    .command("service")
    .description(`start one service alone: ${names.join(", ")}`)
    .argument("<name>", "which service")
    .argument("[settings...]", "settings as --name value; `pssr service NAME --settings` lists them")
    .addOption(new Option("--settings", "list the service's settings and end"))
    .allowUnknownOption()
    .action(async (given: string, _settings: string[], options: { settings?: boolean }, command: Command) => {
      const name = names.find((one) => one === given);
      if (name === undefined)
        throw new PssrError("INVALID_FIELD", `"${given}" is no service; there are ${names.join(", ")}`);
      const { describeConfig } = await import("@pssr/platform");
      const { serviceSettings, singleServices } = await import("../installation/single-service.js");
      if (options.settings) {
        process.stdout.write(`${describeConfig(serviceSettings[name])}\n`);
        return;
      }
      const running = await singleServices[name]({ argv: command.args.slice(1), env: process.env });
      process.stderr.write(`${name} listens on ${running.address}; Ctrl-C stops it\n`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      await running.close();
    });
}
