/** How many calls each principal has open: one of them alone must not take the memory that all others' streams need. */
import { PssrError } from "@pssr/api";

export class CallerLimit {
  readonly #open = new Map<string, number>();

  /** @param most Calls and streams that one principal may have open at once. */
  constructor(private readonly most: number) {}

  /** Counts one in, and gives what counts it out again; throws LIMIT_EXCEEDED where there are too many already. */
  enter(principal: string): () => void {
    const open = this.#open.get(principal) ?? 0;
    if (open >= this.most) {
      throw new PssrError(
        "LIMIT_EXCEEDED",
        `${principal} has ${open} calls and streams open, the most that are allowed at once; end some, or have PSSR_CALLER_CALLS raised`,
        { metadata: { allowed: String(this.most) } },
      );
    }
    this.#open.set(principal, open + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = this.#open.get(principal)! - 1;
      if (left === 0) this.#open.delete(principal);
      else this.#open.set(principal, left);
    };
  }
}
