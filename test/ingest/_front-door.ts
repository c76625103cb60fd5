import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

import { http, type HttpAnswer, type HttpWish } from "../../harness/http.ts";
import type { IngestParts } from "../../src/api/ingest-parts.ts";
import { createIngestHandler } from "../../src/api/ingest.ts";
import { ByteBudget } from "../../src/ingest/byte-budget.ts";
import { createGate } from "../../src/ingest/gate.ts";
import { createRefusedLog } from "../../src/ingest/refused-log.ts";
import { createAddressSet } from "../../src/lib/ip.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, startEngine } from "../support/engine.ts";

/** A real engine, and the handler of its ingest URLs on a port of its own. */
export type FrontDoor = {
  readonly engine: Engine;
  readonly port: number;
  readonly budget: ByteBudget;
  post(source: Pick<Source, "ingestSlug">, body?: string | Uint8Array, wish?: HttpWish): Promise<HttpAnswer>;
  request(path: string, wish?: HttpWish): Promise<HttpAnswer>;
};

export type FrontDoorOptions = Partial<Pick<IngestParts, "bodyBytesMax" | "isShortOfDisk" | "receive">> & {
  budgetBytes?: number;
  trustedProxies?: readonly string[];
};

export const openFrontDoor = async ({
  budgetBytes = 1 << 20,
  trustedProxies = [],
  ...over
}: FrontDoorOptions = {}): Promise<FrontDoor> => {
  const engine = await startEngine();
  const { table, receive, clock, ids, observer } = engine;
  // One source may have half of it.
  const budget = new ByteBudget(budgetBytes * 2);
  const server = createServer(
    createIngestHandler({
      table,
      freshen: null,
      gate: createGate({ store: engine.store }),
      receive,
      refused: createRefusedLog(engine),
      budget,
      clock,
      ids,
      trustedProxies: createAddressSet(trustedProxies),
      bodyBytesMax: 10_000,
      isShortOfDisk: () => false,
      observer,
      ...over,
    }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  const request: FrontDoor["request"] = (path, wish) => http(`http://127.0.0.1:${port}${path}`, wish);
  return {
    engine,
    port,
    budget,
    request,
    post: ({ ingestSlug }, body = "{}", wish = {}) => request(`/in/${ingestSlug}`, { method: "POST", body, ...wish }),
  };
};
