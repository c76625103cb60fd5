import { type Connection, openConnection } from "../harness/connection.ts";
import { pause } from "../harness/time.ts";

export type LoadWish = {
  readonly port: number;
  /** The source's, `/in/…`. Several: the event of a number goes to the one at that number, modulo how many there are. */
  readonly path: string | readonly string[];
  /** Default: 16. */
  readonly connections?: number;
  /** Of all connections. Default: each one sends as soon as it was answered. */
  readonly ratePerSecond?: number;
  /** Of a body, about. Default: 200. */
  readonly bodyBytes?: number;
  /** The first event's. Default: 1. */
  readonly firstNumber?: number;
};

/** An event that was answered with 200. Times are those of `performance.now()`. */
export type Acknowledged = { readonly number: number; readonly sentMs: number; readonly ackedMs: number };

/** An answer that was none of 200. Status 0: the connection ended before there was one. */
export type Refused = { readonly status: number; readonly atMs: number; readonly head: string };

/** Numbered events, one after the other, until it is stopped. Each number is sent once, whatever comes of it. */
export type Load = {
  readonly acknowledged: readonly Acknowledged[];
  readonly refused: readonly Refused[];
  /** Resolves when that many are acknowledged. @throws {Error} after 60 s. */
  until(acknowledged: number): Promise<void>;
  /** Sends nothing more, and waits for the answers that are under way. */
  stop(): Promise<void>;
};

const reconnectMs = 5;
/** After a refusal: what is full is not asked again at once. */
const refusedPauseMs = 5;
const lookMs = 2;
const untilMsMax = 60_000;
const lastAnswersMsMax = 30_000;

/** An event as it is posted. The receiver knows it by its number. `bodyBytes`: of its body, about. */
export const eventRequest = (path: string, number: number, bodyBytes: number): Buffer => {
  const body = JSON.stringify({ number, padding: "x".repeat(Math.max(0, bodyBytes - 36)) });
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
};

/** A connection to a gateway that may come back. Null: it is over before. */
const connectAgain = async (
  port: number,
  isOver: () => boolean,
  onAnswer: (status: number, head: string) => void,
): Promise<Connection | null> => {
  while (!isOver()) {
    try {
      return await openConnection(port, onAnswer);
    } catch {
      await pause(reconnectMs);
    }
  }
  return null;
};

const closeAll = (connections: Iterable<Connection>): void => {
  for (const connection of connections) connection.close();
};

/** Starts to send. */
export const startLoad = ({
  port,
  path,
  connections = 16,
  ratePerSecond,
  bodyBytes = 200,
  firstNumber = 1,
}: LoadWish): Load => {
  const acknowledged: Acknowledged[] = [];
  const refused: Refused[] = [];
  const open = new Set<Connection>();
  const betweenMs = ratePerSecond === undefined ? 0 : (connections / ratePerSecond) * 1000;
  const over = new AbortController();
  const paths = typeof path === "string" ? [path] : path;
  let number = firstNumber - 1;

  const note = (own: number, sentMs: number, [status, head]: readonly [number, string]): void => {
    const atMs = performance.now();
    if (status === 200) acknowledged.push({ number: own, sentMs, ackedMs: atMs });
    else refused.push({ status, atMs, head });
  };
  const sendOn = async (_: unknown, index: number): Promise<void> => {
    // Evenly, and not all at once at the end of each wait.
    if (betweenMs > 0) await pause((index * betweenMs) / connections);
    let answered = Promise.withResolvers<readonly [number, string]>();
    let connection: Connection | null = null;
    while (!over.signal.aborted) {
      if (connection === null || !connection.isOpen) {
        if (connection !== null) open.delete(connection);
        connection = await connectAgain(
          port,
          () => over.signal.aborted,
          (status, head) => answered.resolve([status, head]),
        );
        if (connection === null) return;
        open.add(connection);
      }
      number += 1;
      const own = number;
      const sentMs = performance.now();
      answered = Promise.withResolvers();
      connection.send(eventRequest(paths[own % paths.length] ?? "", own, bodyBytes));
      const answer = await answered.promise;
      note(own, sentMs, answer);
      const restMs = sentMs + betweenMs - performance.now();
      if (answer[0] !== 200) await pause(Math.max(refusedPauseMs, restMs));
      else if (restMs > 0) await pause(restMs);
    }
  };
  const sending = Promise.all(Array.from({ length: connections }, sendOn));
  const stop = async (): Promise<void> => {
    over.abort();
    const late = setTimeout(() => closeAll(open), lastAnswersMsMax);
    await sending;
    clearTimeout(late);
    closeAll(open);
  };
  return {
    acknowledged,
    refused,
    until: async (count) => {
      const deadlineMs = performance.now() + untilMsMax;
      while (acknowledged.length < count) {
        if (performance.now() > deadlineMs) throw new Error(`${acknowledged.length} of ${count} were acknowledged`);
        await pause(lookMs);
      }
    },
    stop,
  };
};
