import type { Client } from "pg";

import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { StoreError } from "../store-error.ts";
import { cancelWork } from "./_cancel.ts";
import type { Command } from "./_command.ts";
import { abandon, end, openClient } from "./_connect.ts";
import { endsSession, isReadOnly, isStale, toStoreError } from "./_failure.ts";
import type { Mark } from "./_mark.ts";
import { type CommandResult, type Prepared, Round } from "./_round.ts";
import type { Parsed } from "./url.ts";

/** Statements of one round trip: as they are, or as they are for a transaction that leaves this mark. */
export type Commands = readonly Command[] | ((mark: Mark) => readonly Command[]);

/** A connection that answers one round of statements after the other. It is opened when it is needed, and again after it broke. */
export type Session = {
  /** Rounds that wait or run. */
  readonly pending: number;
  /** How often it was opened. What it held is gone with each one: an open transaction, too. */
  readonly generation: number;
  /**
   * Sends the statements in one round trip, as one transaction unless there is a `begin` among them. `on`: the generation
   * that they belong to, as within a transaction: a connection that is opened again would take them for something else.
   * @throws {StoreError} `unavailable` when nothing was sent, `interrupted` when the answer was lost, or that generation is
   * over.
   */
  run(commands: Commands, on?: number): Promise<readonly CommandResult[]>;
  close(): Promise<void>;
};

/** What the connections to one server know of each other. */
export type Silences = {
  /** How often one of them was given up because no answer came, or because it led to a server that cannot be written. */
  count: number;
};

/** How sessions connect, and what they are bounded by. */
export type SessionOptions = Parsed & {
  /**
   * When one connection is silent, the others may be, too, as when the server's machine is gone and another one has taken its
   * place: what has not answered since is opened again before it is asked anything. So one of them waits, not one after the other.
   * The same when one of them led to a standby: those that only read would never notice. Default: it is the only one.
   */
  readonly silences?: Silences;
  readonly clock: Pick<Clock, "after">;
  /** Where the names of connections come from. */
  readonly random: Pick<Random, "bytes">;
  /** An answer that takes longer is not waited for, and the connection given up. */
  readonly answerMsMax: number;
  /** Rows that one statement may bring to memory. */
  readonly rowsMax: number;
  readonly onSent?: (statements: number) => void;
};

/** Lists of keys come in many lengths: what is asked in the many-hundredth way is not prepared. */
const preparedMax = 400;

const nameBytes = 8;

const createPrepared = (prepares: boolean): Prepared => {
  const names = new Map<string, string>();
  return {
    known: new Set(),
    doubtful: new Set(),
    nameOf: (key) => {
      if (!prepares) return "";
      const known = names.get(key);
      if (known !== undefined) return known;
      if (names.size >= preparedMax) return "";
      const name = `postern_${names.size}`;
      names.set(key, name);
      return name;
    },
  };
};

/** `silences`: how many there had been when it last answered. */
type Open = {
  readonly client: Client;
  readonly prepared: Prepared;
  readonly name: string;
  marks: number;
  silences: number;
};

const broken = (cause: unknown): StoreError =>
  new StoreError("interrupted", `the connection to PostgreSQL broke: ${toStoreError(cause).message}`, { cause });

const open = async (options: SessionOptions, silences: Silences, onBroken: () => void): Promise<Open> => ({
  client: await openClient(options, onBroken),
  prepared: createPrepared(options.prepares),
  name: String(options.random.bytes(nameBytes).readBigInt64BE()),
  marks: 0,
  silences: silences.count,
});

/** What a round that failed says. One whose connection ended may have been done all the same. */
const roundError = (error: unknown): StoreError => {
  if (error instanceof StoreError) return error;
  return endsSession(error) && !isStale(error) ? broken(error) : toStoreError(error);
};

/** Whether a connection that gave this error cannot be used any more. One that was silent is dismissed already. */
const isUnusable = (error: unknown): boolean =>
  !(error instanceof StoreError) && (endsSession(error) || isStale(error) || isReadOnly(error));

/** `begun` fails when an answer is waited for no more. */
const createSilence = (answerMsMax: number): { readonly begun: Promise<never>; begin(): void } => {
  const { promise, reject } = Promise.withResolvers<never>();
  return {
    begun: promise,
    begin: () =>
      reject(new StoreError("interrupted", `the connection to PostgreSQL broke: no answer within ${answerMsMax} ms`)),
  };
};

/** The connection of a session, while it has one. */
type Line = {
  readonly current: Open | null;
  readonly generation: number;
  /** The connection, opened when there is none. */
  ensure(): Promise<Open>;
  giveUp(opened: Open): void;
  /**
   * Gives it up while the server may still work for it, which is ended there. The connection itself ends after that: a pooler
   * passes no request on for one that is gone. A commit that waited for its standby is there then, and the standby has it not.
   * That is told to nobody: its answer is waited for no more, and whoever asks for its mark writes, and so waits behind it.
   */
  dismiss(opened: Open): void;
  /** Resolves when nothing is left of what was dismissed. */
  dismissed(): Promise<void>;
  /** Gives it up when others were silent since it last answered. */
  distrust(): void;
};

const createLine = (options: SessionOptions, silences: Silences): Line => {
  let current: Open | null = null;
  let generation = 0;
  const dismissals = new Set<Promise<void>>();
  const giveUp = (opened: Open): void => {
    if (current === opened) current = null;
    abandon(opened.client);
  };
  return {
    get current() {
      return current;
    },
    get generation() {
      return generation;
    },
    ensure: async () => {
      if (current !== null) return current;
      // A connection that cannot be opened breaks as well, before there is anything to forget.
      let opened: Open | null = null;
      opened = await open(options, silences, () => {
        if (opened !== null && current === opened) current = null;
      });
      generation += 1;
      current = opened;
      return opened;
    },
    giveUp,
    dismiss: (opened) => {
      if (current === opened) current = null;
      const leaving = cancelWork(opened.client, options.clock).then(() => {
        abandon(opened.client);
        dismissals.delete(leaving);
      });
      dismissals.add(leaving);
    },
    dismissed: async () => {
      await Promise.all(dismissals);
    },
    distrust: () => {
      if (current !== null && current.silences !== silences.count) giveUp(current);
    },
  };
};

/** Opens nothing until the first round. */
export const createSession = (options: SessionOptions): Session => {
  const { clock, answerMsMax, rowsMax, onSent, silences = { count: 0 } } = options;
  const line = createLine(options, silences);
  let turn: Promise<unknown> = Promise.resolve();
  let pending = 0;
  let isClosed = false;

  const nextMark = (opened: Open): Mark => {
    opened.marks += 1;
    return { generation: line.generation, connection: opened.name, number: opened.marks };
  };

  const answer = async (asked: Commands, on: number | null): Promise<readonly CommandResult[]> => {
    if (isClosed) throw new StoreError("closed", "the store is closed");
    if (on !== null && (line.current === null || on !== line.generation)) {
      throw new StoreError("interrupted", "the connection to PostgreSQL broke within a transaction");
    }
    // What a transaction has begun is nowhere else.
    if (on === null) line.distrust();
    const opened = await line.ensure();
    const commands = typeof asked === "function" ? asked(nextMark(opened)) : asked;
    const silence = createSilence(answerMsMax);
    const timer = clock.after(answerMsMax, () => {
      silences.count += 1;
      // Before anything is asked to end: what the server then says, a commit that waits no more for its standby say, is not to be heard.
      silence.begin();
      line.dismiss(opened);
    });
    try {
      onSent?.(commands.length);
      const { results: answers } = opened.client.query(new Round(commands, opened.prepared, rowsMax));
      const results = await Promise.race([answers, silence.begun]);
      opened.silences = silences.count;
      return results;
    } catch (error) {
      if (isReadOnly(error)) silences.count += 1;
      if (isUnusable(error)) line.giveUp(opened);
      throw roundError(error);
    } finally {
      timer.cancel();
    }
  };

  return {
    get pending() {
      return pending;
    },
    get generation() {
      return line.generation;
    },
    run: async (commands, on) => {
      pending += 1;
      const mine = turn.then(() => answer(commands, on ?? null));
      turn = mine.catch(() => null);
      try {
        return await mine;
      } finally {
        pending -= 1;
      }
    },
    close: async () => {
      isClosed = true;
      await turn;
      if (line.current !== null) await end(line.current.client, clock);
      await line.dismissed();
    },
  };
};
