/** Ports as a process sees them whose network fails: while cut, every call fails with UNAVAILABLE; the stores stay as they are. */
import { PssrError } from "@pssr/api";
import type { Ports, StateStore, WorkQueue } from "@pssr/platform";

export class Line {
  #cut = false;

  cut(): void {
    this.#cut = true;
  }

  mend(): void {
    this.#cut = false;
  }

  check(): void {
    if (this.#cut) throw new PssrError("UNAVAILABLE", "the line is cut");
  }
}

export function overLine(ports: Ports, line: Line): Ports {
  const state: StateStore = {
    get: async (...call) => {
      line.check();
      return ports.state.get(...call);
    },
    put: async (...call) => {
      line.check();
      return ports.state.put(...call);
    },
    delete: async (...call) => {
      line.check();
      return ports.state.delete(...call);
    },
    list: async (...call) => {
      line.check();
      return ports.state.list(...call);
    },
    async *watch(...call) {
      for await (const change of ports.state.watch(...call)) {
        line.check();
        yield change;
      }
    },
  };
  const queue: WorkQueue = {
    publish: async (...call) => {
      line.check();
      return ports.queue.publish(...call);
    },
    claim: async (...call) => {
      const claim = await ports.queue.claim(...call);
      return {
        kind: claim.kind,
        jobId: claim.jobId,
        payload: claim.payload,
        trace: claim.trace,
        heartbeat: async (...options) => {
          line.check();
          return claim.heartbeat(...options);
        },
        ack: async (...options) => {
          line.check();
          return claim.ack(...options);
        },
        giveBack: async (...options) => {
          line.check();
          return claim.giveBack(...options);
        },
      };
    },
  };
  return { ...ports, state, queue };
}
