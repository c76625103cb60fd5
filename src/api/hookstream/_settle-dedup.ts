import type { Dedup, DedupStrategy } from "../../routing/source.ts";
import { after, refused, settled, type Settled } from "./_settled.ts";

/** What counts where nothing is said, in seconds. */
const windowSecondsDefault = 300;

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/** What a request says of deduplication. Absent: nothing. Null: as if it had never been said. */
export type DedupSent = {
  readonly enabled?: boolean | null | undefined;
  readonly strategy?: DedupStrategy | null | undefined;
  readonly field?: string | null | undefined;
  readonly windowSeconds?: number | null | undefined;
};

const problemOf = ({ strategy, field }: Dedup, hasProviderId: boolean): Settled<never> | null => {
  switch (strategy) {
    case null:
    case "payload_hash":
      return null;
    case "header_field":
      if (field === null) return refused("dedup_field", "is required for dedup_strategy header_field");
      return headerName.test(field) ? null : refused("dedup_field", "must be the name of a header");
    case "body_field":
      return field === null ? refused("dedup_field", "is required for dedup_strategy body_field") : null;
    case "provider_id":
      return hasProviderId ? null : refused("dedup_strategy", "provider_id needs a template whose events have an id");
  }
};

/** 0 is nothing said. */
const windowAfter = (sent: number | null | undefined, nowSeconds: number): number => {
  if (sent === undefined) return nowSeconds;
  return sent === null || sent === 0 ? windowSecondsDefault : sent;
};

/** It is on as soon as a strategy is given, unless it is said otherwise; switched on alone, it goes by the bytes. */
export const settleDedup = (now: Dedup, sent: DedupSent, hasProviderId: boolean): Settled<Dedup> => {
  const strategy = after(sent.strategy, now.strategy);
  const byStrategy = sent.strategy === undefined ? now.enabled : sent.strategy !== null;
  const enabled = sent.enabled ?? byStrategy;
  const dedup: Dedup = {
    enabled,
    strategy: enabled ? (strategy ?? "payload_hash") : strategy,
    field: after(sent.field, now.field),
    windowSeconds: windowAfter(sent.windowSeconds, now.windowSeconds),
  };
  return problemOf(dedup, hasProviderId) ?? settled(dedup);
};
