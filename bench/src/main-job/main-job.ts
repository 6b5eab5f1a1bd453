/** The main job's numbers: quality of the demo, start of the services, waiting for data, memory, cost of the way through the gateway. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { median } from "../median.js";
import { type Row, row } from "../row.js";
import { command, startInstallation } from "./installation.js";
import { predictionOverhead } from "./prediction-overhead.js";
import { tensorGrowth } from "./tensor-growth.js";

const out = "out/bench-demo";

interface Report {
  training_seconds: number;
  training_steps: number;
  training_wait_fraction: number;
  mean: Record<"bilinear" | "bicubic" | "ours", { psnr: number; ssim: number }>;
}

export async function run(): Promise<Row[]> {
  const rows = await demo();
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) {
    const installation = await startInstallation(`${out}/data`);
    starts.push(installation.startSeconds);
    await installation.stop();
  }
  rows.push(row("main-job/up-health", "s", median(starts), { most: 2 }));
  rows.push(row("main-job/tensor-growth", "tensors over 1,000 steps", await tensorGrowth(1000), { most: 0 }));
  const { service, runtime } = await predictionOverhead(`${out}/data`);
  const peer = { name: "the same ONNX Runtime calls in process", value: runtime };
  rows.push(row("main-job/prediction", "s", service, { most: 1.15, ofRatio: true }, peer));
  return rows;
}

async function demo(): Promise<Row[]> {
  await rm(out, { recursive: true, force: true });
  const child = spawn(process.execPath, [command, "demo", "--out", out], { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`pssr demo ended with code ${code}`);
  const report = JSON.parse(await readFile(`${out}/report.json`, "utf8")) as Report;
  const { ours, bilinear } = report.mean;
  return [
    row("main-job/psnr", "dB", ours.psnr, { least: 26.6 }, { name: "bilinear", value: bilinear.psnr }),
    row("main-job/ssim", "", ours.ssim, { least: 0.65 }, { name: "bilinear", value: bilinear.ssim }),
    row("main-job/training-time", "s", report.training_seconds, { most: 240 }),
    row("main-job/training-rate", "steps/s", report.training_steps / report.training_seconds, undefined),
    row("main-job/data-wait", "of training time", report.training_wait_fraction, { most: 0.05 }),
  ];
}
