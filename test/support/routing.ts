import type { Store } from "../../src/db/store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createIds } from "../../src/lib/ids.ts";
import { createSystemRandom, type Random } from "../../src/lib/random.ts";
import { createKeyring, newSealingKey, type SealingKey } from "../../src/lib/sealing.ts";
import { loadPresets } from "../../src/providers/catalog.ts";
import type { DestinationDraft } from "../../src/routing/decide-destination.ts";
import type { SourceDraft } from "../../src/routing/decide-source.ts";
import type { RoutingParts } from "../../src/routing/parts.ts";
import type { Scope } from "../../src/routing/scope.ts";
import { plainSettings } from "../../src/routing/source.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { freshStore } from "./store.ts";

const catalog = await loadPresets();

/** What a test brings of its own. */
export type RoutingOptions = {
  readonly store?: Store;
  readonly keys?: readonly [SealingKey, ...SealingKey[]];
  readonly random?: Random;
  readonly clock?: RoutingParts["clock"];
};

/** Everything that managing sources and destinations uses, on a store of its own. */
export const startRouting = async (options: RoutingOptions = {}): Promise<RoutingParts & { readonly store: Store }> => {
  const { store = await freshStore(), random = createSystemRandom(), clock = systemClock } = options;
  const keyring = createKeyring(options.keys ?? [newSealingKey(random)], random);
  const table = new RoutingTable({ keyring, catalog });
  return { store, table, keyring, clock, random, catalog, ids: createIds(clock, createSystemRandom()) };
};

export const scope: Scope = {
  teamId: "019dc7f1-0000-7000-8000-000000000001",
  envId: "019dc7f1-0000-7000-8000-000000000002",
};

/** A source as the Krafter API would make it. */
export const sourceDraft = (parts: Partial<SourceDraft> = {}): SourceDraft => ({
  kind: "webhook",
  dialect: "krafter",
  name: "x",
  provider: "generic",
  signingSecret: null,
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
  ...parts,
});

/** A destination as the Krafter API would make it. */
export const destinationDraft = (parts: Partial<DestinationDraft> = {}): DestinationDraft => ({
  kind: "webhook",
  dialect: "krafter",
  url: "https://example.com/",
  secret: "whsec_x",
  eventFilter: null,
  enabled: true,
  maxConcurrency: 16,
  rateLimit: null,
  ratePeriod: null,
  ordered: false,
  timeoutMs: 15_000,
  retryScheduleSeconds: null,
  payloadFormat: "raw",
  forwardHeaders: [],
  resign: true,
  ...parts,
});
