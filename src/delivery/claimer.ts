import type { Join } from "../db/group-commit.ts";
import type { Store } from "../db/store.ts";
import { type Claimed, claimOperations, type ClaimWish, readClaims } from "../queue/claim.ts";

/** Lanes whose wishes share one commit: each claims up to 250 rows, and a commit must stay short. */
const wishesMax = 4;

/**
 * Opens the line by which lanes claim from the store. `onClaimed` runs before any later commit is drafted, so that what
 * falls due afterwards is never overlooked.
 */
export const createClaimer = (
  store: Pick<Store, "line">,
  onClaimed: (wish: ClaimWish, claimed: Claimed) => void,
): Join<ClaimWish, Claimed> =>
  store.line<ClaimWish, Claimed>({
    name: "claims",
    itemsMax: wishesMax,
    draft: (wishes) => ({
      operations: claimOperations(wishes),
      committed: (results) => {
        const claims = readClaims(wishes, results);
        for (const [index, wish] of wishes.entries()) {
          const claimed = claims[index];
          if (claimed !== undefined) onClaimed(wish, claimed);
        }
        return claims;
      },
    }),
  });
