import type { MadeSource } from "../../harness/client.ts";
import type { FaultContext } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import type { Acknowledged } from "../load.ts";

/** Events that go nowhere when they come: their source has no destination yet. */
export type Seed = {
  readonly source: MadeSource;
  readonly acknowledged: readonly Acknowledged[];
  /** None of them was received then or later: an instant as the API takes it. */
  readonly to: string;
};

const stepEvents = 5_000;

/** Makes a source, and posts so many events to it. */
export const seed = async (context: FaultContext, gateway: Gateway, count: number): Promise<Seed> => {
  const source = await gateway.client.makeSource({ name: "replayed", require_signature: false });
  const load = context.startLoad({ port: gateway.port, path: source.path, connections: 32 });
  for (let events = Math.min(stepEvents, count); ; events = Math.min(events + stepEvents, count)) {
    await load.until(events);
    context.say(`${load.acknowledged.length} events are stored`);
    if (events === count) break;
  }
  await load.stop();
  return { source, acknowledged: load.acknowledged, to: new Date(Date.now() + 1).toISOString() };
};
