import type { Id } from "../lib/ids.ts";

/** What one batch came to. */
export type ResealedBatch = {
  /** Secrets that were sealed anew. */
  readonly resealed: number;
  /** Secrets that no key of this process opens. They stay as they are. */
  readonly unreadable: number;
  /** Where the next batch goes on; null when there is none. */
  readonly next: Id | null;
};

/** How a room seals what it holds with the keyring's sealing key, in batches of one transaction each. */
export type Resealer = {
  /** The table, for reports. */
  readonly name: string;
  /** Reseals the rows after `after`. null: from the first one. @throws {StoreError} */
  reseal(after: Id | null): Promise<ResealedBatch>;
};

/** What a whole run came to. */
export type Resealed = {
  readonly secrets: number;
  /** For each table that has any: secrets that no key opens. */
  readonly unreadable: readonly { readonly name: string; readonly secrets: number }[];
};

const resealTable = async ({
  name,
  reseal,
}: Resealer): Promise<{ name: string; resealed: number; unreadable: number }> => {
  let resealed = 0;
  let unreadable = 0;
  let after: Id | null = null;
  do {
    const batch: ResealedBatch = await reseal(after);
    resealed += batch.resealed;
    unreadable += batch.unreadable;
    after = batch.next;
  } while (after !== null);
  return { name, resealed, unreadable };
};

/**
 * Seals every secret with the sealing key, beside live traffic, and looks again until a whole pass finds nothing to do:
 * only then may the old keys go. @throws {StoreError}
 */
export const resealAll = async (resealers: readonly Resealer[]): Promise<Resealed> => {
  let secrets = 0;
  for (;;) {
    const tables = [];
    for (const resealer of resealers) tables.push(await resealTable(resealer));
    const found = tables.reduce((sum, { resealed }) => sum + resealed, 0);
    secrets += found;
    if (found > 0) continue;
    const unreadable = tables.filter((table) => table.unreadable > 0);
    return { secrets, unreadable: unreadable.map((table) => ({ name: table.name, secrets: table.unreadable })) };
  }
};
