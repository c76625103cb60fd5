import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import { keepHouse } from "../support/housekeeping.ts";
import { countOf, makeSource, refusalsOf, send } from "../support/ruled-source.ts";
import { select } from "../support/store.ts";

const dayMs = 86_400_000;

test("an ephemeral source answers 410 for a day after its end, then it goes with all that it held; others stay", async () => {
  const gateway = await startGateway();
  const until = new Date(gateway.clock.nowMs() + 60_000).toISOString();
  const ephemeral = await makeSource(gateway, { is_ephemeral: true, expires_at: until });
  const lasting = await makeSource(gateway, { expires_at: until });
  for (const source of [ephemeral, lasting]) expect((await send(gateway, source)).status).toBe(200);
  gateway.clock.advance(61_000);
  for (const source of [ephemeral, lasting]) {
    expect((await send(gateway, source)).status).toBe(410);
    expect(await refusalsOf(gateway, source)).toEqual(["expired 410"]);
  }
  await keepHouse(gateway);
  expect((await send(gateway, ephemeral)).status).toBe(410);
  await gateway.gateway.refused.flush();

  // A clock that was moved on is believed after an hour.
  gateway.clock.advance(dayMs);
  await keepHouse(gateway);
  gateway.clock.advance(2 * 60 * 60_000);
  await keepHouse(gateway);
  expect((await send(gateway, ephemeral)).status).toBe(404);
  expect((await send(gateway, lasting)).status).toBe(410);
  await keepHouse(gateway);
  const tables = ["sources", "events", "source_counts"];
  const counts = tables.map((table) => `(select count(*) from ${table}) as ${table}`);
  expect(await select(gateway.core.store, `select ${counts.join(", ")}`)).toEqual([
    { sources: 1, events: 1, source_counts: 1 },
  ]);
  expect(await countOf(gateway, lasting)).toBe(1);
});
