import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Place } from "./api-key.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { createKey, type KeyCreation, type KeyRequest } from "./create-key.ts";
import { createUseRecorder } from "./last-used.ts";
import { type KeyList, listKeys } from "./list-keys.ts";
import { type KeyRevocation, revokeKey } from "./revoke-key.ts";

/** Who may do what. A place of null is the operator's view of all of them. */
export type Access = {
  authenticate: Authenticate;
  createKey(request: KeyRequest): Promise<KeyCreation>;
  listKeys(place: Place | null): Promise<KeyList>;
  /** `reference`: a key's id, its prefix, or the key itself. */
  revokeKey(reference: string, place: Place | null): Promise<KeyRevocation>;
};

export type AccessParts = {
  store: Pick<Store, "lookup" | "list" | "line" | "write" | "keep">;
  clock: Pick<Clock, "nowMs" | "monotonicMs">;
  ids: Ids;
  random: Random;
  /** Hears of failures beside a request, which went on. */
  observer: { faulted(fault: { task: string; error: unknown }): void };
};

/** Opens the room. One per store: what it remembers of keys is dropped by revocations, here and elsewhere. */
export const openAccess = async ({ store, clock, ids, random, observer }: AccessParts): Promise<Access> => {
  const recordUse = createUseRecorder({
    store,
    clock,
    onError: (error) => observer.faulted({ task: "write a key's last use", error }),
  });
  const { authenticate, forget } = createAuthenticate(store, ({ keyId }) => recordUse(keyId));
  await store.keep("access", async (tx) => tx.afterCommit(forget));
  return {
    authenticate,
    createKey: (request) => createKey({ store, clock, ids, random }, request),
    listKeys: (place) => listKeys(store, place),
    revokeKey: (reference, place) => revokeKey({ store, clock, forget }, reference, place),
  };
};
