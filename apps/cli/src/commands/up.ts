/** `pssr up`: the whole installation in one process. */
import type { Command } from "commander";

export function addUpCommand(program: Command, signal: AbortSignal): void {
  program
    .command("up")
    .description("start all services in one process on this machine")
    .argument("[settings...]", "settings as --name value; `pssr up --settings` lists them")
    .option("--settings", "list all settings and end")
    .allowUnknownOption()
    .helpOption("-h, --help")
    .action(async (_given: string[], options: { settings?: boolean }, command: Command) => {
      const { describeConfig, loadConfig } = await import("@pssr/platform");
      const { installationSettings } = await import("../installation/settings.js");
      if (options.settings) {
        process.stdout.write(`${describeConfig(installationSettings)}\n`);
        return;
      }
      const config = loadConfig(installationSettings, { argv: command.args, env: process.env });
      const { startInstallation } = await import("../installation/installation.js");
      const installation = await startInstallation(config);
      process.stderr.write(`PSSR listens on ${installation.address}; Ctrl-C stops it\n`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      await installation.close();
    });
}
