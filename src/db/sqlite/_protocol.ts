import type { OperationResult, SqlValue } from "../statement.ts";
import type { PackedBatch } from "./_pack.ts";

/** How a thread opens its connection. */
export type ThreadOptions = { path: string; readOnly: boolean; busyTimeoutMs: number };

/** What a connection's thread can be asked. */
export type ThreadRequest =
  | { kind: "query"; sql: string; parameters: readonly SqlValue[]; rowsMax: number }
  | { kind: "exec"; sql: string }
  | { kind: "batch"; batch: PackedBatch }
  | { kind: "checkpoint"; mode: "noop" | "passive" | "truncate" };

/** Frames in the write-ahead log, and how many of them are in the database file already. */
export type CheckpointState = { frames: number; checkpointed: number };

/** What a batch came to, and the frames in the write-ahead log after it; null when nobody looked. */
export type BatchAnswer = { results: readonly OperationResult[]; frames: number | null };

/** What it answers to each. */
export type ThreadAnswer<Request extends ThreadRequest> = Request extends { kind: "query" }
  ? OperationResult
  : Request extends { kind: "batch" }
    ? BatchAnswer
    : Request extends { kind: "checkpoint" }
      ? CheckpointState
      : null;

/** A request on its way to the thread. */
export type Envelope = { call: number; request: ThreadRequest };

/** A batch on its way. */
export type BatchEnvelope = Envelope & { request: Extract<ThreadRequest, { kind: "batch" }> };

/** SQLite's own account of a failure: its extended result code, 0 when the failure is not SQLite's. */
export type ThreadFailure = { message: string; errcode: number };

/** The thread's answer to one call. */
export type Reply = { call: number; answer: unknown } | { call: number; failure: ThreadFailure };
