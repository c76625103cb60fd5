import { once } from "node:events";
import { connect } from "node:net";

import { onTestFinished } from "vitest";

/** An answer as it came off the wire. */
export type WireAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** One connection on which a test writes what it likes. */
export type Wire = {
  /** Writes bytes, or text as latin1, and waits until the kernel has them. */
  send(bytes: string | Uint8Array): Promise<void>;
  /** The next answer. Throws when the other end closes before it is whole. */
  answer(): Promise<WireAnswer>;
  /** Resolves when the other end has closed. */
  readonly closed: Promise<unknown>;
  /** Cuts the connection off, as when a sender dies. */
  cut(): void;
};

/** The first answer in `text`, and what follows it; null as long as it is not whole. One to HEAD has no body. */
export const parseAnswer = (
  text: string,
  { hasBody = true }: { readonly hasBody?: boolean } = {},
): { readonly answer: WireAnswer; readonly rest: string } | null => {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const end = headEnd + 4 + (hasBody ? Number(headers["content-length"] ?? 0) : 0);
  if (text.length < end) return null;
  return {
    answer: { status: Number(statusLine.split(" ")[1]), headers, body: text.slice(headEnd + 4, end) },
    rest: text.slice(end),
  };
};

/** Opens a connection to a port of this machine. It is cut when the test ends. */
export const openWire = async (port: number): Promise<Wire> => {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  // Whoever is hung up on while it writes sees a reset: what the test looks at is what came before.
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const closed = once(socket, "close");
  let text = "";
  let isClosed = false;
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    change();
  });
  socket.once("close", () => {
    isClosed = true;
    change();
  });
  return {
    send: (bytes) =>
      new Promise((resolve) => {
        socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () => resolve());
      }),
    async answer() {
      for (;;) {
        const parsed = parseAnswer(text);
        if (parsed !== null) {
          text = parsed.rest;
          return parsed.answer;
        }
        if (isClosed) throw new Error(`the connection was closed after ${JSON.stringify(text)}`);
        await changed.promise;
      }
    },
    closed,
    cut: () => {
      socket.destroy();
    },
  };
};

/** The text of a POST, its body in latin1. */
export const postText = (path: string, body: string, headers: readonly string[] = []): string =>
  [`POST ${path} HTTP/1.1`, "host: gateway.test", ...headers, `content-length: ${body.length}`, "", body].join("\r\n");
