import { once } from "node:events";
import { connect, type Socket } from "node:net";

import type { PreparedRequest } from "./request.ts";

/** What comes back for one request: its status, or 0 when the connection ended first. */
export type OnAnswer = (connection: Connection, status: number) => void;

/** One keep-alive connection with at most one request on it. */
export type Connection = {
  /** When the request that is under way was due. */
  dueUs: number;
  readonly isOpen: boolean;
  send(number: number, dueUs: number): void;
  close(): void;
};

const headEndMark = "\r\n\r\n";

/** The bytes of an answer with this head. What serves here always says how long its bodies are. */
const answerBytes = (head: string): number =>
  head.length + headEndMark.length + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);

/** Reads one answer after the other from the chunks of a socket: gives each one's status once it is whole. */
const answerReader = (onStatus: (status: number) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer | null = null;
  return (chunk) => {
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    const headEnd = bytes.indexOf(headEndMark);
    const head = headEnd === -1 ? null : bytes.toString("latin1", 0, headEnd);
    if (head === null || bytes.length < answerBytes(head)) {
      rest = bytes;
      return;
    }
    rest = null;
    onStatus(Number(head.slice(9, 12)));
  };
};

/** Opens a connection to a server on this machine. */
export const openConnection = async (
  port: number,
  request: PreparedRequest,
  onAnswer: OnAnswer,
): Promise<Connection> => {
  const socket: Socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  let isWaiting = false;
  let isOpen = true;
  const answered = (status: number): void => {
    if (!isWaiting) return;
    isWaiting = false;
    onAnswer(connection, status);
  };
  const connection: Connection = {
    dueUs: 0,
    get isOpen() {
      return isOpen;
    },
    send: (number, dueUs) => {
      connection.dueUs = dueUs;
      isWaiting = true;
      socket.write(request.stamp(number, dueUs));
    },
    close: () => socket.destroy(),
  };
  socket.on("data", answerReader(answered));
  // `close` follows, and is what counts.
  socket.on("error", () => null);
  socket.once("close", () => {
    isOpen = false;
    answered(0);
  });
  return connection;
};
