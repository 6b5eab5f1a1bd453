/**
 * What a process says of itself to whoever keeps it running. Three questions, for three different answers to a "no": wait
 * longer, send it no calls, start it anew.
 *
 * | probe | SERVING |
 * |---|---|
 * | startup | once it listens and works, from then on |
 * | readiness | from then until it begins to stop |
 * | liveness | as long as it can heal by itself; an outage of NATS or S3 it outlives |
 *
 * That its event loop turns is what any answer shows.
 */
import { HealthState } from "nice-grpc-server-health";

export const probeNames = ["startup", "readiness", "liveness"] as const;
export type ProbeName = (typeof probeNames)[number];

export class Probes {
  /** As the health service shows it; the server as a whole ("") is its readiness. */
  readonly health = HealthState().setMaxListeners(0); // each watch is one
  #stopping = false;

  constructor() {
    this.#set("startup", false);
    this.#set("readiness", false);
    this.#set("liveness", true);
  }

  get isStarted(): boolean {
    return this.health.getStatus("startup") === "healthy";
  }

  /** It listens, and what it is for works. */
  started(): void {
    this.#set("startup", true);
    this.#set("readiness", !this.#stopping);
  }

  /** It begins to stop: no further caller shall come. */
  stopping(): void {
    this.#stopping = true;
    this.#set("readiness", false);
  }

  /** Nothing but a new process helps. */
  beyondRepair(): void {
    this.#set("liveness", false);
    this.stopping();
  }

  #set(probe: ProbeName, serving: boolean): void {
    const status = serving ? "healthy" : "unhealthy";
    this.health.setStatus(status, probe);
    if (probe === "readiness") this.health.setStatus(status, "");
  }
}
