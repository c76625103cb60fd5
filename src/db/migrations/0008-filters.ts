import type { Index, Migration } from "../migration.ts";

const filterIndexes: readonly Index[] = [
  {
    name: "events_by_status",
    on: `events (source_id, status, id, event_type, signature_valid, signature_reason, schema_valid)
      where status <> 'succeeded'`,
  },
  {
    name: "events_unproven",
    on: "events (source_id, id, event_type, signature_reason, schema_valid) where signature_valid = 0",
  },
  {
    name: "events_refuted",
    on: `events (source_id, id, signature_reason, schema_valid)
      where signature_reason <> 'ok' and signature_reason <> 'skipped'`,
  },
  { name: "events_by_method", on: "events (source_id, method, id) where method <> 'POST'" },
];

/**
 * What filters are often put together with is in the index of each, behind the id: counting up to a capped total looks at 10,001
 * events, and those of a rare kind are each on a page of their own. The first two are in the place of such without it. The last
 * two are for kinds that are rare or missing in sources that everything else is in: of most events there is no entry.
 */
export const filters: Migration = {
  version: 8,
  name: "filters",
  indexes: filterIndexes,
  statements: () => [`drop index events_not_succeeded`, `drop index events_unverified`],
};
