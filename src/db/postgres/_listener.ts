import { type Clock, wait } from "../../lib/clock.ts";
import type { Listening } from "../cluster.ts";
import { abandon, openClient, type Way } from "./_connect.ts";

/** Between two tries to be heard again. Meanwhile nothing is lost: everybody looks for itself, too. */
const againMs = 1_000;

/** How to connect. */
export type ListenerOptions = Way & { readonly clock: Pick<Clock, "after"> };

/** Listens on a connection of its own. */
export const createListener = (
  options: ListenerOptions,
  channels: readonly string[],
  onCall: (channel: string, payload: string) => void,
): Listening => {
  const closed = Promise.withResolvers<void>();
  const state = { isClosed: false };

  const listenOnce = async (): Promise<void> => {
    const broken = Promise.withResolvers<void>();
    const client = await openClient(options, () => broken.resolve());
    client.on("notification", ({ channel, payload = "" }) => onCall(channel, payload));
    try {
      for (const channel of channels) await client.query(`listen ${channel}`);
      await Promise.race([broken.promise, closed.promise]);
    } finally {
      abandon(client);
    }
  };
  const listen = async (): Promise<void> => {
    while (!state.isClosed) {
      await listenOnce().catch(() => null);
      await Promise.race([state.isClosed ? null : wait(options.clock, againMs), closed.promise]);
    }
  };
  const listening = listen();
  return {
    close: async () => {
      state.isClosed = true;
      closed.resolve();
      await listening;
    },
  };
};
