import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { type Keyring, SealError } from "../lib/sealing.ts";
import type { RoutingTables } from "./_rows.ts";
import type { RoutingParts } from "./parts.ts";
import { configPlace, outgoingPlace, secretPlace } from "./table.ts";

/** Rows that one transaction looks at. All other writes wait for it: about 10 ms. */
const rowsMax = 200;

/** What one batch came to. */
export type Resealed = {
  /** Secrets that are sealed with the sealing key now and were not before. */
  readonly resealed: number;
  /** Secrets that no key of this process opens. They stay as they are. */
  readonly unreadable: number;
  /** Where the next batch goes on; null when there is none. */
  readonly next: Id | null;
};

type Parts = Pick<RoutingParts, "store" | "keyring">;
type Fresh = { readonly bytes: Uint8Array | null; readonly became: "same" | "resealed" | "unreadable" };

/** The same secret under the sealing key. */
export const freshen = (keyring: Keyring, sealed: Uint8Array | null, place: string): Fresh => {
  try {
    if (sealed === null || keyring.keyIdOf(sealed) === keyring.sealingKeyId) return { bytes: sealed, became: "same" };
    return { bytes: keyring.seal(keyring.open(sealed, place), place), became: "resealed" };
  } catch (error) {
    if (error instanceof SealError) return { bytes: sealed, became: "unreadable" };
    throw error;
  }
};

const tally = (pairs: readonly { readonly id: Uint8Array; readonly secrets: readonly Fresh[] }[]): Resealed => {
  const count = (became: Fresh["became"]): number =>
    pairs.flatMap(({ secrets }) => secrets).filter((fresh) => fresh.became === became).length;
  const last = pairs.at(-1);
  return {
    resealed: count("resealed"),
    unreadable: count("unreadable"),
    next: last === undefined || pairs.length < rowsMax ? null : idFromBytes(last.id),
  };
};

const startOf = (after: Id | null): Uint8Array => (after === null ? Buffer.alloc(0) : idToBytes(after));

/**
 * Seals the secrets of the sources after `after` with the sealing key. What is in memory stays: this process
 * still has the key that opens it.
 */
export const resealSources = ({ store, keyring }: Parts, after: Id | null): Promise<Resealed> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const rows = await tables
      .selectFrom("sources")
      .select(["id", "signing_secret", "previous_secret", "source_config"])
      .where("id", ">", startOf(after))
      .orderBy("id")
      .limit(rowsMax)
      .execute();
    const pairs = rows.map(({ id, signing_secret, previous_secret, source_config }) => {
      const place = secretPlace("sources", idFromBytes(id));
      const secrets = [
        freshen(keyring, signing_secret, place),
        freshen(keyring, previous_secret, place),
        freshen(keyring, source_config, configPlace(idFromBytes(id))),
      ] as const;
      return { id, secrets };
    });
    for (const { id, secrets } of pairs.filter(hasResealed)) {
      const [current, previous, config] = secrets;
      await tables
        .updateTable("sources")
        .set({ signing_secret: current.bytes, previous_secret: previous.bytes, source_config: config.bytes })
        .where("id", "=", id)
        .execute();
    }
    return tally(pairs);
  }, "routing");

/** Seals the secrets of the destinations after `after` with the sealing key. */
export const resealDestinations = ({ store, keyring }: Parts, after: Id | null): Promise<Resealed> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const rows = await tables
      .selectFrom("destinations")
      .select(["id", "secret", "previous_secret", "outgoing"])
      .where("id", ">", startOf(after))
      .orderBy("id")
      .limit(rowsMax)
      .execute();
    const pairs = rows.map(({ id, secret, previous_secret, outgoing }) => {
      const place = secretPlace("destinations", idFromBytes(id));
      const secrets = [
        freshen(keyring, secret, place),
        freshen(keyring, previous_secret, place),
        freshen(keyring, outgoing, outgoingPlace(idFromBytes(id))),
      ] as const;
      return { id, secrets };
    });
    for (const { id, secrets } of pairs.filter(hasResealed)) {
      const [current, previous, outgoing] = secrets;
      await tables
        .updateTable("destinations")
        .set({ secret: current.bytes, previous_secret: previous.bytes, outgoing: outgoing.bytes })
        .where("id", "=", id)
        .execute();
    }
    return tally(pairs);
  }, "routing");

const hasResealed = ({ secrets }: { readonly secrets: readonly Fresh[] }): boolean =>
  secrets.some(({ became }) => became === "resealed");
