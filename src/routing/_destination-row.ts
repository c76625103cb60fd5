import { z } from "zod";

import { idFromBytes, idToBytes } from "../lib/ids.ts";
import type {
  AuthType,
  Backoff,
  Destination,
  DisabledReason,
  PayloadFormat,
  RatePeriod,
  SealedDestination,
  SendMethod,
} from "./destination.ts";
import type { Dialect, SourceKind } from "./source.ts";

export type DestinationRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  kind: SourceKind;
  dialect: Dialect;
  owner_source_id: Uint8Array | null;
  name: string | null;
  /** Null: the id's text. It was made before destinations had one. */
  slug: string | null;
  url: string;
  method: SendMethod;
  auth_type: AuthType;
  outgoing: Uint8Array | null;
  secret: Uint8Array | null;
  previous_secret: Uint8Array | null;
  previous_secret_until_ms: number | null;
  enabled: number;
  disabled_reason: DisabledReason | null;
  enabling: number;
  failure_count: number;
  max_concurrency: number;
  rate_limit: number | null;
  rate_limit_period: RatePeriod | null;
  ordered: number;
  timeout_ms: number;
  retry_schedule: string | null;
  retry_enabled: number;
  retry_backoff: Backoff;
  retry_intervals: string | null;
  retries_max: number | null;
  circuit_enabled: number;
  circuit_threshold: number;
  circuit_reset_ms: number;
  circuit_failures: number;
  circuit_opened_at_ms: number | null;
  payload_format: PayloadFormat;
  forward_headers: string;
  resign: number;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
};

const texts = z.array(z.string());
const numbers = z.array(z.number());

const flag = (value: boolean): number => (value ? 1 : 0);
const jsonOrNull = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
const numbersOrNull = (text: string | null): readonly number[] | null =>
  text === null ? null : numbers.parse(JSON.parse(text));

export const fromDestinationRow = (row: DestinationRow): Destination => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  kind: row.kind,
  dialect: row.dialect,
  ownerSourceId: row.owner_source_id === null ? null : idFromBytes(row.owner_source_id),
  name: row.name,
  slug: row.slug ?? idFromBytes(row.id),
  url: row.url,
  method: row.method,
  authType: row.auth_type,
  enabled: row.enabled === 1,
  disabledReason: row.disabled_reason,
  enabling: row.enabling,
  failureCount: row.failure_count,
  maxConcurrency: row.max_concurrency,
  rateLimit: row.rate_limit,
  ratePeriod: row.rate_limit_period,
  ordered: row.ordered === 1,
  timeoutMs: row.timeout_ms,
  retryScheduleSeconds: numbersOrNull(row.retry_schedule),
  retry: {
    enabled: row.retry_enabled === 1,
    backoff: row.retry_backoff,
    intervalsSeconds: numbersOrNull(row.retry_intervals),
    retriesMax: row.retries_max,
  },
  circuit: { enabled: row.circuit_enabled === 1, threshold: row.circuit_threshold, resetMs: row.circuit_reset_ms },
  circuitFailures: row.circuit_failures,
  circuitOpenedAtMs: row.circuit_opened_at_ms,
  payloadFormat: row.payload_format,
  forwardHeaders: texts.parse(JSON.parse(row.forward_headers)),
  resign: row.resign === 1,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});

export const toDestinationRow = (destination: Destination, sealed: SealedDestination): DestinationRow => ({
  id: idToBytes(destination.id),
  team_id: idToBytes(destination.teamId),
  env_id: idToBytes(destination.envId),
  kind: destination.kind,
  dialect: destination.dialect,
  owner_source_id: destination.ownerSourceId === null ? null : idToBytes(destination.ownerSourceId),
  name: destination.name,
  slug: destination.slug,
  url: destination.url,
  method: destination.method,
  auth_type: destination.authType,
  outgoing: sealed.outgoing,
  secret: sealed.current,
  previous_secret: sealed.previous,
  previous_secret_until_ms: sealed.previousUntilMs,
  enabled: flag(destination.enabled),
  disabled_reason: destination.disabledReason,
  enabling: destination.enabling,
  failure_count: destination.failureCount,
  max_concurrency: destination.maxConcurrency,
  rate_limit: destination.rateLimit,
  rate_limit_period: destination.ratePeriod,
  ordered: flag(destination.ordered),
  timeout_ms: destination.timeoutMs,
  retry_schedule: jsonOrNull(destination.retryScheduleSeconds),
  retry_enabled: flag(destination.retry.enabled),
  retry_backoff: destination.retry.backoff,
  retry_intervals: jsonOrNull(destination.retry.intervalsSeconds),
  retries_max: destination.retry.retriesMax,
  circuit_enabled: flag(destination.circuit.enabled),
  circuit_threshold: destination.circuit.threshold,
  circuit_reset_ms: destination.circuit.resetMs,
  circuit_failures: destination.circuitFailures,
  circuit_opened_at_ms: destination.circuitOpenedAtMs,
  payload_format: destination.payloadFormat,
  forward_headers: JSON.stringify(destination.forwardHeaders),
  resign: flag(destination.resign),
  created_at_ms: destination.createdAtMs,
  updated_at_ms: destination.updatedAtMs,
  deleted_at_ms: null,
});

export const sealedDestination = (row: DestinationRow): SealedDestination => ({
  current: row.secret,
  previous: row.previous_secret,
  previousUntilMs: row.previous_secret_until_ms,
  outgoing: row.outgoing,
});

/** What of a destination goes at once when it is deleted. Its row goes later. */
export const noSecrets: Pick<DestinationRow, "secret" | "outgoing" | "previous_secret" | "previous_secret_until_ms"> = {
  secret: null,
  outgoing: null,
  previous_secret: null,
  previous_secret_until_ms: null,
};
