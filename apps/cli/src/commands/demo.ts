/** `pssr demo`: the main job on real images, from start to measured end. */
import type { Interruption } from "@pssr/platform/process-end";
import { type Command, Option } from "commander";
import { integer, number } from "../arguments.js";
import type { GlobalOptions } from "../context.js";

export interface DemoOptions {
  images: string;
  out: string;
  minutes: number;
  steps?: number;
  cluster?: boolean;
  existing?: boolean;
}

export function addDemoCommand(program: Command, interruption: Interruption): void {
  program
    .command("demo")
    .description("train on real images, restore images held out, measure, and show the result")
    .option("--images <folder>", "folder with train/ and test/ images", "examples/em-fibsem")
    .option("--out <folder>", "folder for the results; its data are made anew", "out/demo")
    .option("--minutes <n>", "time for learning", number(0.05, 1000), 3.9)
    .option("--steps <n>", "learn for so many steps instead", integer(1, 10_000_000))
    .option("--cluster", "with a NATS and an S3 server and each service in a process of its own")
    .addOption(
      new Option("--existing", "on the installation at --address, in a --project that is empty").conflicts("cluster"),
    )
    .action(async (options: DemoOptions, command: Command) => {
      const { runDemo } = await import("../demo/run-demo.js");
      await runDemo(options, command.optsWithGlobals<GlobalOptions>(), interruption);
    });
}
