/** What is stored of a saved crappifier. */
import type { Crappifier } from "@pssr/crappifiers";
import type { VersionedRecord } from "@pssr/platform";

export interface StoredCrappifier {
  /** Complete: a later release's defaults change nothing of it. */
  crappifier: Crappifier;
  description: string;
  createMs: number;
}

export type CrappifierRecord = VersionedRecord &
  (
    | {
        state: "saved";
        requestId: string;
        saved: StoredCrappifier;
      }
    | { state: "deleted" }
  );
