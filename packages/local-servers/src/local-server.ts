/** A server on this machine that can be stopped, killed, frozen and started again at will. */
export interface LocalServer {
  /** Undefined before the first start. */
  readonly pid: number | undefined;
  /** Resolves once it has ended, by itself or not. */
  ended(): Promise<void>;
  /** Asks it to end and waits until it has. Fine where it has ended. */
  stop(): Promise<void>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, with the same data at the same address. */
  start(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): Promise<void>;
  /** SIGCONT after `freeze`. */
  thaw(): Promise<void>;
}
