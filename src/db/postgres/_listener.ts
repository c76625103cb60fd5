import type { Client } from "pg";

import { type Clock, type Timer, wait } from "../../lib/clock.ts";
import type { Listening } from "../cluster.ts";
import { abandon, openClient, type Way } from "./_connect.ts";
import type { SessionOptions } from "./session.ts";

/** Between two tries to be heard again. Meanwhile nothing is lost: everybody looks for itself, too. */
const againMs = 1_000;

/** An answer that takes longer is not waited for, and the connection given up: some poolers never answer a `listen`. */
const answerMsMax = 5_000;

/**
 * Who only listens does not notice that nobody is there any more: so often something is asked that is of no meaning. An idle
 * process asks for less than two things a second.
 */
const askEveryMs = 30_000;

/** Whoever leaves waits no longer for a connection that is just being opened: that ends by itself. */
const goodbyeMsMax = 1_000;

/** How to connect. */
export type ListenerOptions = Way & {
  readonly onSent?: SessionOptions["onSent"];
  readonly clock: Pick<Clock, "after">;
};

/** Listens on an open connection, and asks whether it still is one, until `end` is told that it is of no use. */
const hearOn = (
  client: Client,
  { channels, options, end }: { channels: readonly string[]; options: ListenerOptions; end: () => void },
): Timer => {
  const { clock, onSent } = options;
  let timer: Timer | null = null;
  let isOver = false;
  const ask = async (text: string): Promise<void> => {
    timer = clock.after(answerMsMax, end);
    onSent?.(1);
    await client.query(text);
    timer.cancel();
  };
  const askSome = (texts: readonly string[]): void => {
    void (async () => {
      for (const text of texts) if (!isOver) await ask(text);
      if (!isOver) timer = clock.after(askEveryMs, () => askSome(["select 1"]));
    })().catch(end);
  };
  askSome(channels.map((channel) => `listen ${channel}`));
  return {
    cancel: () => {
      isOver = true;
      timer?.cancel();
    },
  };
};

/** Listens on a connection of its own. */
export const createListener = (
  options: ListenerOptions,
  channels: readonly string[],
  onCall: (channel: string, payload: string) => void,
): Listening => {
  const { clock } = options;
  const state: { isClosed: boolean; end: (() => void) | null } = { isClosed: false, end: null };

  /** Until the connection breaks or falls silent, or nobody wants to listen any more. */
  const listenOnce = async (): Promise<void> => {
    const ended = Promise.withResolvers<void>();
    const client = await openClient(options, ended.resolve);
    client.on("notification", ({ channel, payload = "" }) => onCall(channel, payload));
    if (!state.isClosed) {
      state.end = ended.resolve;
      const hearing = hearOn(client, { channels, options, end: ended.resolve });
      await ended.promise;
      hearing.cancel();
    }
    abandon(client);
  };
  const pause = async (): Promise<void> => {
    const ended = Promise.withResolvers<void>();
    state.end = ended.resolve;
    const timer = clock.after(againMs, ended.resolve);
    await ended.promise;
    timer.cancel();
  };
  const listen = async (): Promise<void> => {
    while (!state.isClosed) {
      await listenOnce().catch(() => null);
      if (!state.isClosed) await pause();
    }
  };
  const listening = listen();
  return {
    close: async () => {
      state.isClosed = true;
      state.end?.();
      await Promise.race([listening, wait(clock, goodbyeMsMax)]);
    },
  };
};
