import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { Place } from "./api-key.ts";
import { ensurePlace } from "./place.ts";

/** The team of what strangers make. Nobody is a member of it, and nobody can give this name: it begins with a space. */
const anonymousTeamName = " anonymous";

/** Where things are that are nobody's yet. Made when the first one asks for it, and remembered. */
export const createAnonymousPlace = ({
  store,
  clock,
  ids,
}: {
  readonly store: Pick<Store, "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly ids: Ids;
}): (() => Promise<Place>) => {
  let known: Place | null = null;
  return async () => {
    // Two that ask at once make one of it.
    known ??= await store.write(
      (tx) => ensurePlace(tx, { team: anonymousTeamName, env: null }, { ids, nowMs: clock.nowMs() }),
      "access",
    );
    return known;
  };
};
