import { StoreError, type StoreErrorCode } from "../store-error.ts";
import type { ThreadFailure } from "./_protocol.ts";

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that we treat alike. */
const codes: Readonly<Record<number, StoreErrorCode>> = {
  5: "unavailable", // busy
  6: "unavailable", // locked
  7: "unavailable", // no memory
  8: "unavailable", // read-only, as when a file system was remounted
  10: "unavailable", // I/O
  13: "unavailable", // full
  14: "unavailable", // cannot open
  19: "constraint",
  21: "misuse",
};

/** Our name for a failure of SQLite. */
export const toStoreError = ({ message, errcode }: ThreadFailure, cause?: unknown): StoreError =>
  new StoreError(codes[errcode & 0xff] ?? "other", message, { cause });
