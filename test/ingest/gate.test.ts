import { expect, test } from "vitest";

import { createGate } from "../../src/ingest/gate.ts";
import { startEngine } from "../support/engine.ts";

const at = { senderAddress: "192.0.2.1", nowMs: 0 };

test("an event that is stored, and whose request is not over yet, is counted once", async () => {
  const engine = await startEngine();
  const source = await engine.addSource({ requestLimit: 3 });
  const routed = engine.table.source(source.id)!;
  const gate = createGate(engine);
  expect(await gate.enter(routed, at)).toBeNull();
  await engine.take(source);
  // The store tells of the first, which is also inside.
  expect(await gate.enter(routed, at)).toBeNull();
  gate.leave(routed, true);
  expect(await gate.enter(routed, at)).toBeNull();
  expect(await gate.enter(routed, at)).toBe("request_limit");
  await engine.take(source);
  gate.leave(routed, true);
  // The third became no event, so there is a place again.
  gate.leave(routed, false);
  expect(await gate.enter(routed, at)).toBeNull();
  await engine.take(source);
  gate.leave(routed, true);
  expect(await gate.enter(routed, at)).toBe("request_limit");
});

test("a source without a limit is told of at once", async () => {
  const engine = await startEngine();
  const source = await engine.addSource();
  const gate = createGate(engine);
  expect(gate.enter(engine.table.source(source.id)!, at)).toBeNull();
  const disabled = await engine.addSource({ status: "disabled", ipDenylist: ["192.0.2.1"] });
  expect(gate.enter(engine.table.source(disabled.id)!, at)).toBe("disabled");
});

test("who cannot be told from others is not in a list of those who may come in", async () => {
  const engine = await startEngine();
  const gate = createGate(engine);
  const unknown = { ...at, senderAddress: null };
  const allowing = await engine.addSource({ ipAllowlist: ["0.0.0.0/0", "::/0"] });
  expect(gate.enter(engine.table.source(allowing.id)!, unknown)).toBe("ip_not_allowed");
  const denying = await engine.addSource({ ipDenylist: ["0.0.0.0/0"], ipAllowlist: [] });
  expect(gate.enter(engine.table.source(denying.id)!, unknown)).toBeNull();
  expect(gate.enter(engine.table.source(denying.id)!, at)).toBe("ip_denied");
});
