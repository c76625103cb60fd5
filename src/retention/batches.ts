import type { Expired } from "../events/retention.ts";

/** What one transaction may remove. Everybody else waits for it: 1,000 rows and 2 MiB of bodies take about 5 ms. */
export const batchMax: { readonly rows: number; readonly bodyBytes: number } = {
  rows: 1_000,
  bodyBytes: 2 * 1024 * 1024,
};

/** The event and its payload. */
const ownRows = 2;

/** Rows that go with an event. */
export const rowsOf = ({ rowsElsewhere }: Pick<Expired, "rowsElsewhere">): number => ownRows + rowsElsewhere;

/** Splits events, in order, into what one transaction may remove each. One that is too large for any stands alone. */
export const batchesOf = (events: readonly Expired[]): readonly (readonly Expired[])[] => {
  const batches: Expired[][] = [];
  let rows = 0;
  let bodyBytes = 0;
  for (const event of events) {
    rows += rowsOf(event);
    bodyBytes += event.bodyBytes;
    const last = batches.at(-1);
    if (last !== undefined && rows <= batchMax.rows && bodyBytes <= batchMax.bodyBytes) {
      last.push(event);
      continue;
    }
    batches.push([event]);
    rows = rowsOf(event);
    bodyBytes = event.bodyBytes;
  }
  return batches;
};
