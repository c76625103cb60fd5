import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What comes back for one request: its status, or 0 when the connection ended first, and the head of the answer. */
export type OnAnswer = (status: number, head: string) => void;

/** One keep-alive connection with at most one request on it. */
export type Connection = {
  readonly isOpen: boolean;
  send(request: Buffer): void;
  close(): void;
};

const headEndMark = "\r\n\r\n";

/** The bytes of an answer with this head. What serves here always says how long its bodies are. */
const answerBytes = (head: string): number =>
  head.length + headEndMark.length + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);

/** Reads one answer after the other from the chunks of a socket: gives each one's status once it is whole. */
const answerReader = (onStatus: OnAnswer): ((chunk: Buffer) => void) => {
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
    onStatus(Number(head.slice(9, 12)), head);
  };
};

/** Opens a connection to a server on this machine. @throws when nobody listens. */
export const openConnection = async (port: number, onAnswer: OnAnswer): Promise<Connection> => {
  const socket: Socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  let isWaiting = false;
  let isOpen = true;
  const answered: OnAnswer = (status, head) => {
    if (!isWaiting) return;
    isWaiting = false;
    onAnswer(status, head);
  };
  socket.on("data", answerReader(answered));
  // `close` follows, and is what counts.
  socket.on("error", () => null);
  socket.once("close", () => {
    isOpen = false;
    answered(0, "");
  });
  return {
    get isOpen() {
      return isOpen;
    },
    send: (request) => {
      isWaiting = true;
      socket.write(request);
    },
    close: () => socket.destroy(),
  };
};
