import type { Join } from "../db/group-commit.ts";
import type { Store } from "../db/store.ts";
import { type Claimed, claimOperations, type ClaimWish, readClaims } from "../queue/claim.ts";
import type { Ownership } from "../queue/ownership.ts";

/** Lanes whose wishes share one commit: each claims up to 250 rows, and a commit must stay short. */
const wishesMax = 4;

const nothing: Claimed = { deliveries: [], nextDueAtMs: null };

/**
 * Opens the line by which lanes claim from the store. `onClaimed` runs before any later commit is drafted, so that what
 * falls due afterwards is never overlooked.
 */
export const createClaimer = (
  { store, ownership }: { readonly store: Pick<Store, "line">; readonly ownership: Pick<Ownership, "standingOf"> },
  onClaimed: (wish: ClaimWish, claimed: Claimed) => void,
): Join<ClaimWish, Claimed> =>
  store.line<ClaimWish, Claimed>({
    name: "claims",
    itemsMax: wishesMax,
    draft: (all) => {
      // A lane that was lost since it wished gets nothing: its new owner claims, too.
      const wishes = all.filter(({ destinationId }) => ownership.standingOf(destinationId) === "ours");
      return {
        operations: claimOperations(wishes),
        committed: (results) => {
          const claims = new Map(readClaims(wishes, results).map((claimed, index) => [wishes[index], claimed]));
          for (const [wish, claimed] of claims) if (wish !== undefined) onClaimed(wish, claimed);
          return all.map((wish) => claims.get(wish) ?? nothing);
        },
      };
    },
  });
