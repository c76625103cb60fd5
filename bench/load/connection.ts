import { openConnection as openPlain } from "../../harness/connection.ts";
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

/** Opens a connection to a server on this machine. */
export const openConnection = async (
  port: number,
  request: PreparedRequest,
  onAnswer: OnAnswer,
): Promise<Connection> => {
  const plain = await openPlain(port, (status) => onAnswer(connection, status));
  const connection: Connection = {
    dueUs: 0,
    get isOpen() {
      return plain.isOpen;
    },
    send: (number, dueUs) => {
      connection.dueUs = dueUs;
      plain.send(request.stamp(number, dueUs));
    },
    close: plain.close,
  };
  return connection;
};
