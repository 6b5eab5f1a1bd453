/** `pssr up`: the whole installation in one process. */
import type { Interruption } from "@pssr/platform/process-end";
import type { Command } from "commander";

export function addUpCommand(program: Command, interruption: Interruption): void {
  program
    .command("up")
    .description("start all services in one process on this machine")
    .argument("[settings...]", "settings as --name value; `pssr up --settings` lists them")
    .option("--settings", "list all settings and end")
    .allowUnknownOption()
    .helpOption("-h, --help")
    .action(async (_given: string[], options: { settings?: boolean }, command: Command) => {
      const { createLogger, describeConfig, loadConfig, serve, warnOfUnknownVariables } = await import(
        "@pssr/platform"
      );
      const { installationSettings } = await import("../installation/settings.js");
      if (options.settings) {
        process.stdout.write(`${describeConfig(installationSettings)}\n`);
        return;
      }
      const config = loadConfig(installationSettings, { argv: command.args, env: process.env });
      warnOfUnknownVariables(process.env, createLogger({ service: "pssr", level: config.logLevel }));
      const { startInstallation } = await import("../installation/installation.js");
      await serve("PSSR", () => startInstallation(config, interruption), interruption.signal);
    });
}
