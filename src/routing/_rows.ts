import { z } from "zod";

import { idFromBytes, idToBytes } from "../lib/ids.ts";
import type { SourceRow } from "./_source-row.ts";
import type { Connection } from "./connection.ts";
import type { Destination, DisabledReason, PayloadFormat, RatePeriod } from "./destination.ts";
import type { Dialect, SealedSecrets, SourceKind } from "./source.ts";

type SecretColumns = { previous_secret: Uint8Array | null; previous_secret_until_ms: number | null };

export type DestinationRow = SecretColumns & {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  kind: SourceKind;
  dialect: Dialect;
  owner_source_id: Uint8Array | null;
  url: string;
  secret: Uint8Array | null;
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
  payload_format: PayloadFormat;
  forward_headers: string;
  resign: number;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
};

export type ConnectionRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  destination_id: Uint8Array;
  event_filter: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
};

/** The tables of this room. */
export type RoutingTables = { sources: SourceRow; destinations: DestinationRow; connections: ConnectionRow };

const texts = z.array(z.string());
const numbers = z.array(z.number());

const flag = (value: boolean): number => (value ? 1 : 0);

export const fromDestinationRow = (row: DestinationRow): Destination => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  kind: row.kind,
  dialect: row.dialect,
  ownerSourceId: row.owner_source_id === null ? null : idFromBytes(row.owner_source_id),
  url: row.url,
  enabled: row.enabled === 1,
  disabledReason: row.disabled_reason,
  enabling: row.enabling,
  failureCount: row.failure_count,
  maxConcurrency: row.max_concurrency,
  rateLimit: row.rate_limit,
  ratePeriod: row.rate_limit_period,
  ordered: row.ordered === 1,
  timeoutMs: row.timeout_ms,
  retryScheduleSeconds: row.retry_schedule === null ? null : numbers.parse(JSON.parse(row.retry_schedule)),
  payloadFormat: row.payload_format,
  forwardHeaders: texts.parse(JSON.parse(row.forward_headers)),
  resign: row.resign === 1,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});

export const toDestinationRow = (destination: Destination, sealed: SealedSecrets): DestinationRow => ({
  id: idToBytes(destination.id),
  team_id: idToBytes(destination.teamId),
  env_id: idToBytes(destination.envId),
  kind: destination.kind,
  dialect: destination.dialect,
  owner_source_id: destination.ownerSourceId === null ? null : idToBytes(destination.ownerSourceId),
  url: destination.url,
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
  retry_schedule: destination.retryScheduleSeconds === null ? null : JSON.stringify(destination.retryScheduleSeconds),
  payload_format: destination.payloadFormat,
  forward_headers: JSON.stringify(destination.forwardHeaders),
  resign: flag(destination.resign),
  created_at_ms: destination.createdAtMs,
  updated_at_ms: destination.updatedAtMs,
  deleted_at_ms: null,
});

export const destinationSecrets = (row: DestinationRow): SealedSecrets => ({
  current: row.secret,
  previous: row.previous_secret,
  previousUntilMs: row.previous_secret_until_ms,
});

export const fromConnectionRow = (
  row: Omit<ConnectionRow, "created_at_ms" | "updated_at_ms" | "deleted_at_ms">,
): Connection => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  sourceId: idFromBytes(row.source_id),
  destinationId: idFromBytes(row.destination_id),
  eventFilter: row.event_filter === null ? null : texts.parse(JSON.parse(row.event_filter)),
});

/** The text of a filter in its column. */
export const filterColumn = (filter: readonly string[] | null): string | null =>
  filter === null ? null : JSON.stringify(filter);
