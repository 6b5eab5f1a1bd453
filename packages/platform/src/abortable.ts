/** What every asynchronous function of ours takes: a signal that gives the call up. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}
