import type { Store } from "../../src/db/store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createIds, type Id } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import type { Keyring } from "../../src/lib/sealing.ts";
import { createCatalog } from "../../src/providers/catalog.ts";
import { createSource } from "../../src/routing/create-source.ts";
import { keepRouting } from "../../src/routing/load.ts";
import type { RoutingParts } from "../../src/routing/parts.ts";
import { resealDestinations, resealSources } from "../../src/routing/reseal.ts";
import { plainSettings } from "../../src/routing/source.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import type { Resealer } from "../../src/secrets/reseal.ts";

const random = createSystemRandom();
const ids = createIds(systemClock, random);
const scope = { teamId: ids.next(), envId: ids.next() };

const draft = {
  kind: "webhook",
  dialect: "krafter",
  name: "orders",
  provider: "stripe",
  signingAlgorithm: null,
  signingHeader: null,
  eventTypeSource: null,
  eventTypePath: null,
  requireSignature: true,
  ...plainSettings,
  status: "active",
  retentionDays: 30,
  bodyLimitBytes: null,
  rateLimitPerMinute: null,
} as const;

/** Sources with secrets in a store, as the gateway makes and reads them. */
export type SealedSources = {
  add(signingSecret: string): Promise<Id>;
  change(id: Id, signingSecret: string): Promise<void>;
  /** Every source's secrets as they count now, opened from the store; null where they cannot be opened. */
  read(): Promise<Map<Id, readonly string[] | null>>;
  readonly resealers: readonly Resealer[];
};

/** The real room on a real store. */
export const sealedSources = (store: Store, keyring: Keyring): SealedSources => {
  const catalog = createCatalog([]);
  const table = new RoutingTable({ keyring, catalog });
  const parts: RoutingParts = { store, table, keyring, clock: systemClock, ids, random, catalog };
  return {
    add: async (signingSecret) => {
      const made = await createSource(parts, scope, { ...draft, signingSecret });
      if (made.kind !== "created") throw new Error(made.kind);
      return made.source.id;
    },
    change: async (id, signingSecret) => {
      await updateSource(parts, scope, id, { signingSecret });
    },
    read: async () => {
      const fresh = new RoutingTable({ keyring, catalog });
      await keepRouting(store, fresh);
      return new Map(
        [...fresh.sources()].map(({ source, secretsAt }) => {
          const secrets = secretsAt(systemClock.nowMs());
          return [source.id, secrets.kind === "opened" ? secrets.secrets : null];
        }),
      );
    },
    resealers: [
      { name: "sources", reseal: (after) => resealSources(parts, after) },
      { name: "destinations", reseal: (after) => resealDestinations(parts, after) },
    ],
  };
};
