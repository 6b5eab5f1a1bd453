/** `pssr up-cluster`: a NATS server, an S3 server, and each service in a process of its own, all on this machine. */
import type { Interruption } from "@pssr/platform/process-end";
import type { Command } from "commander";
import { integer } from "../arguments.js";

interface UpClusterOptions {
  directory: string;
  gatewayBind: string;
  crappifiers: number;
  trainers: number;
  predictors: number;
  optimizers: number;
}

export function addUpClusterCommand(program: Command, interruption: Interruption): void {
  program
    .command("up-cluster")
    .description("start what a cluster has on this machine, for development: NATS, S3, a process for each service")
    .option("--directory <folder>", "folder of the data, the keys and the logs", "out/cluster")
    .option("--gateway-bind <address>", "address that the gateway listens on", "127.0.0.1:7717")
    .option("--crappifiers <n>", "processes of crappify", integer(1, 16), 1)
    .option("--trainers <n>", "processes of train", integer(1, 16), 1)
    .option("--predictors <n>", "processes of predict", integer(1, 16), 1)
    .option("--optimizers <n>", "processes of optimize", integer(1, 16), 1)
    .action(async (options: UpClusterOptions) => {
      const { directory, gatewayBind, crappifiers, trainers, predictors, optimizers } = options;
      const { startCluster } = await import("../installation/cluster.js");
      const instances = { crappify: crappifiers, train: trainers, predict: predictors, optimize: optimizers };
      const { cluster, close } = await startCluster({ directory, gatewayBind, instances }, interruption);
      try {
        const { nats, s3, address } = cluster;
        process.stderr.write(
          `PSSR listens on ${address}; NATS at ${nats.url}, S3 at ${s3.endpoint}; logs in ${directory}/logs; Ctrl-C stops it\n`,
        );
        await cluster.broken({ signal: interruption.signal });
      } finally {
        await close();
      }
    });
}
