import { expect } from "vitest";

import { housekeepingId } from "../../src/queue/bucket.ts";
import type { Removed } from "../../src/retention/removed.ts";
import type { TestGateway } from "./gateway.ts";

/** Has a gateway remove what is to be removed, once that is its part among others: it takes it up a moment after its start. */
export const keepHouse = async ({ gateway }: Pick<TestGateway, "gateway">): Promise<Removed> => {
  const { membership, housekeeping } = gateway;
  if (membership !== null) await expect.poll(() => membership.standingOf(housekeepingId)).toBe("ours");
  return housekeeping.runOnce();
};
