import { type NameServer, startNameServer } from "../../test/support/name-server.ts";
import { type Receiver, startReceiver } from "../../test/support/receiver.ts";
import type { FaultContext } from "../fault.ts";
import { openStand, type Stand } from "../stand.ts";
import { attemptsOf, deliveriesOf } from "./attempts.ts";
import { askingNames } from "./gateway.ts";

/** A destination that is known by a name. */
export type Named = {
  readonly name: string;
  readonly destinationId: string;
};

/** A gateway under load whose name server is ours, and a receiver that is asked for anew with every request. */
export type NameStand = {
  readonly stand: Stand;
  readonly names: NameServer;
  readonly receiver: Receiver;
  /** Makes a destination of the load's source, or of another one, while its name leads to the receiver. */
  add(name: string, sourceId?: string): Promise<Named>;
};

export const good = "127.0.0.1";

/** Starts all of it. */
export const openNameStand = async (
  context: FaultContext,
  { ratePerSecond, timeoutMs }: { readonly ratePerSecond: number; readonly timeoutMs: number },
): Promise<NameStand> => {
  const names = await startNameServer();
  context.onEnd(names.close);
  // What is kept alive needs no name.
  const receiver = await startReceiver({ headers: { connection: "close" } });
  context.onEnd(receiver.close);
  const stand = await openStand(context, { gateway: askingNames(names), load: { ratePerSecond } });
  return {
    stand,
    names,
    receiver,
    add: async (name, sourceId = stand.source.id) => {
      names.set(name, [good]);
      const destinationId = await stand.gateway.client.makeDestination(
        { ...stand.source, id: sourceId },
        {
          url: `http://${name}:${receiver.port}/${name}`,
          timeout_seconds: timeoutMs / 1_000,
          max_concurrency: 4,
          // Often enough that none is ever switched off here.
          retry_schedule: Array.from({ length: 50 }, () => 1),
        },
      );
      return { name, destinationId };
    },
  };
};

/** What the attempts at a name came to, by default all so far: a status or an error's code, and how often. */
export const outcomesOf = ({ stand }: NameStand, { destinationId }: Named, sinceMs = 0): ReadonlyMap<string, number> =>
  new Map(
    attemptsOf(stand.gateway.directory, destinationId, sinceMs).map(({ status, code, count }) => [
      code ?? String(status),
      count,
    ]),
  );

/** Whether all deliveries to a name have ended well. */
export const isDelivered = ({ stand }: NameStand, { destinationId }: Named): boolean =>
  deliveriesOf(stand.gateway.directory, destinationId).every(({ status }) => status === "success");
