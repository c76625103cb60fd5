import { updateStatement } from "../db/statement.ts";
import type { Store } from "../db/store.ts";
import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";

/** A key's last use is written at most this often. */
const writeEveryMs = 60_000;

/** Keys whose last write is remembered. One that is pushed out is written once more than need be. */
const keysMax = 10_000;

const itemsMax = 500;

const setLastUsed = updateStatement({
  table: "api_keys",
  match: { id: "id" },
  set: { last_used_at_ms: "integer" },
});

type Use = { readonly keyId: Id; readonly atMs: number };

/** What recording needs. `onError` hears of writes that failed; the requests behind them went on. */
export type UseRecorderParts = {
  store: Pick<Store, "line">;
  clock: Pick<Clock, "nowMs" | "monotonicMs">;
  onError(error: unknown): void;
};

/** Notes that a key was used: with the next group commit, beside the request, which neither waits for it nor fails with it. */
export const createUseRecorder = ({ store, clock, onError }: UseRecorderParts): ((keyId: Id) => void) => {
  const writtenAtMs = new BoundedCache<Id, number>(keysMax);
  const join = store.line<Use, null>({
    name: "key uses",
    itemsMax,
    draft: (uses) => ({
      operations: [{ statement: setLastUsed, rows: uses.map(({ keyId, atMs }) => [keyId, atMs]) }],
      committed: () => uses.map(() => null),
      abandoned: () => {
        // The next use of the key, a minute later, is written instead.
      },
    }),
  });
  return (keyId) => {
    const nowMs = clock.monotonicMs();
    const lastMs = writtenAtMs.get(keyId);
    if (lastMs !== undefined && nowMs - lastMs < writeEveryMs) return;
    writtenAtMs.set(keyId, nowMs);
    join({ keyId, atMs: clock.nowMs() }).catch(onError);
  };
};
