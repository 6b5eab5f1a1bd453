/** What is stored of a saved crappifier. */
import type { Crappifier } from "@pssr/crappifiers";
import type { VersionedRecord } from "@pssr/platform";

export interface StoredCrappifier {
  /** Complete: a later release's defaults change nothing of it. */
  crappifier: Crappifier;
  description: string;
  createMs: number;
}

/** The request that made one. */
export interface MadeBy {
  requestId: string;
  /** SHA-256 of what was asked for, hexadecimal: numbers may have come from a name that is gone. Absent in older records. */
  asked?: string;
}

export type CrappifierRecord = VersionedRecord &
  (
    | ({
        state: "saved";
        saved: StoredCrappifier;
      } & MadeBy)
    | { state: "deleted" }
  );
