import type { Cluster } from "../db/cluster.ts";
import { type Clock, wait } from "../lib/clock.ts";
import { liveNodes } from "../queue/node.ts";
import { SecretsError } from "../secrets/secrets-error.ts";

/** A node that was ended without a word counts as alive for a quarter of a minute. */
const waitMsMax = 20_000;
const lookEveryMs = 500;

/**
 * Waits until every node that runs seals with this key: one that has it behind another goes on sealing with that, and one that
 * does not have it could open nothing any more.
 * @throws {SecretsError} `nodes_without_key`
 */
export const untilAllSealWith = async (
  {
    cluster,
    clock,
  }: { readonly cluster: Pick<Cluster, "query">; readonly clock: Pick<Clock, "monotonicMs" | "after"> },
  keyId: string,
): Promise<void> => {
  const endsAtMs = clock.monotonicMs() + waitMsMax;
  for (;;) {
    const others = (await liveNodes(cluster)).filter(({ keyIds }) => keyIds[0] !== keyId);
    if (others.length === 0) return;
    if (clock.monotonicMs() >= endsAtMs) {
      const names = others.map(({ name, keyIds }) => `${name} (${keyIds.join(", ")})`).join("; ");
      throw new SecretsError(
        "nodes_without_key",
        `these nodes do not seal with "${keyId}": ${names}; put it first in their SECRETS_KEY, restart them, and run this again`,
      );
    }
    await wait(clock, lookEveryMs);
  }
};
