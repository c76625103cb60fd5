import { createDelivery } from "../../src/delivery/engine.ts";
import { createArrivals } from "../../src/ingest/arrivals.ts";
import { createReceive } from "../../src/ingest/receive.ts";
import { systemClock as clock } from "../../src/lib/clock.ts";
import { createIds } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring } from "../../src/lib/sealing.ts";
import { createLogger } from "../../src/observe/log.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createObserver } from "../../src/observe/observe.ts";
import { loadPresets } from "../../src/providers/catalog.ts";
import { keepRouting } from "../../src/routing/load.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { createTransformer } from "../../src/transforms/transformer.ts";
import { openStoreAt } from "../support/open-store.ts";
import { startOutbound } from "../support/outbound.ts";
import { sealingKeys } from "../support/sealing-keys.ts";

// Receives and delivers events of one source until it is killed, and says the body of each once it is acknowledged.
const [directory = "", url = "", sourceId = "", prefix = ""] = process.argv.slice(2);
const random = createSystemRandom();
const ids = createIds(clock, random);
const log = createLogger({ level: "silent", format: "json", clock, sink: process.stderr });
const observer = createObserver({ log, metrics: createMetrics({ process: false }), clock });
const store = await openStoreAt({ directory, url: url === "" ? null : url, clock, observer });
const table = new RoutingTable({ keyring: createKeyring(sealingKeys, random), catalog: await loadPresets() });
await keepRouting(store, table);
const names = { headerPrefix: "krafter", userAgent: "Postern/1" };
const delivery = createDelivery({
  store,
  clock,
  dueTime: clock,
  ids,
  random,
  table,
  send: startOutbound().send,
  names,
  transform: createTransformer(clock).transform,
  observer,
});
const receive = createReceive({
  clock,
  arrive: createArrivals({ store, dueTime: clock, table, ids, lanes: delivery.lanes, tolerances: {}, countSlots: [0] }),
  tolerances: {},
});
await delivery.takeUp();

const routed = table.source(sourceId)!;
let sent = 0;
const sendForEver = async (): Promise<never> => {
  for (;;) {
    sent += 1;
    const body = `${prefix}, event ${sent}`;
    const receipt = await receive(routed, {
      via: "slug",
      method: "POST",
      query: "",
      headers: [],
      body: Buffer.from(body),
      senderAddress: null,
      receivedAtMs: clock.nowMs(),
    });
    if (receipt.kind === "stored") process.stdout.write(`${body}\n`);
  }
};
await Promise.all(Array.from({ length: 16 }, sendForEver));
