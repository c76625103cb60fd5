import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

const readTls = (name: string): string => readFileSync(new URL(`tls/${name}`, import.meta.url), "utf8");

/**
 * The certificate that https receivers show, as the authority to trust. It is good for `receiver.test`,
 * `*.receiver.test`, `localhost`, `127.0.0.1` and `::1`, and for the next hundred years.
 */
export const receiverCa: string = readTls("receiver.cert.pem");

/** A request, with its whole body. */
export type ReceivedRequest = {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case, repeats joined as Node joins them. */
  readonly headers: IncomingMessage["headers"];
  /** Name, value, name, value, … as they came off the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
  /** Over TLS: the server name that the client asked for. */
  readonly serverName: string | undefined;
  /** Over TLS: whether the client came with an earlier session. */
  readonly isResumed: boolean;
};

/** How a request is answered: with these values (default: an empty 200), or by a function that does as it likes. */
export type ReceiverAnswer =
  | { status?: number; headers?: OutgoingHttpHeaders; body?: string | Uint8Array }
  | ((request: ReceivedRequest, response: ServerResponse) => void | Promise<void>);

export type ReceiverOptions = {
  /** Speak https, with the certificate of `receiverCa`. */
  tls?: boolean;
  /** Default: 127.0.0.1. */
  host?: string;
  /** Default: any that is free. */
  port?: number;
};

/** A destination on loopback, for as long as a test runs. */
export type Receiver = {
  /** `http://127.0.0.1:PORT`, or `https://receiver.test:PORT` (which a name server of the test must know). */
  readonly url: string;
  readonly port: number;
  /** Every request whose body has arrived, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were opened so far. */
  readonly connections: number;
  /** How many of them are still open. */
  readonly openConnections: number;
  /** The first request that no earlier call was given. Waits for it. */
  next(): Promise<ReceivedRequest>;
  /** All requests, once there are at least `count`. */
  waitFor(count: number): Promise<readonly ReceivedRequest[]>;
  /** From now on each answer serves one request, and the last one all that follow. */
  respondWith(...answers: readonly [ReceiverAnswer, ...ReceiverAnswer[]]): void;
  /** Stops at once, also what is being answered. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** How long a test waits for a request before it says which ones came instead. */
const waitMsMax = 40_000;

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const describeTls = (socket: Socket): Pick<ReceivedRequest, "serverName" | "isResumed"> => {
  if (!(socket instanceof TLSSocket)) return { serverName: undefined, isResumed: false };
  // false, where the client named none
  const { servername } = socket as TLSSocket & { servername?: string | false };
  return { serverName: servername === false ? undefined : servername, isResumed: socket.isSessionReused() };
};

/** Answers `request` as `answer` says. */
const respond = async (answer: ReceiverAnswer, request: ReceivedRequest, response: ServerResponse): Promise<void> => {
  if (typeof answer === "function") {
    await answer(request, response);
    return;
  }
  response.writeHead(answer.status ?? 200, answer.headers ?? {});
  response.end(answer.body);
};

const listen = async (server: Server, { host = "127.0.0.1", port = 0 }: ReceiverOptions): Promise<number> => {
  server.listen(port, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

/** The connections of a server: numbered, and cut when it closes. */
const trackConnections = (server: Server) => {
  // By the other end's port: behind TLS a server announces the plain socket, and a request has the one around it.
  const numbers = new Map<number | undefined, number>();
  const open = new Set<Socket>();
  let opened = 0;
  server.on("connection", (socket: Socket) => {
    opened += 1;
    numbers.set(socket.remotePort, opened);
    open.add(socket);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
  });
  return {
    numberOf: (socket: Socket): number => numbers.get(socket.remotePort) ?? opened,
    opened: (): number => opened,
    open: (): number => open.size,
    async close(): Promise<void> {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
};

/** The requests of a receiver, and who waits for them. */
const recordRequests = () => {
  const requests: ReceivedRequest[] = [];
  let changed = Promise.withResolvers<void>();
  let taken = 0;
  const waitFor = async (count: number): Promise<readonly ReceivedRequest[]> => {
    const late = AbortSignal.timeout(waitMsMax);
    const gaveUp = once(late, "abort").then(() => {
      const seen = requests.map(({ method, path }) => `${method} ${path}`).join(", ");
      throw new Error(`waited for ${count} requests, got ${requests.length}: ${seen}`);
    });
    gaveUp.catch(() => {});
    while (requests.length < count) await Promise.race([changed.promise, gaveUp]);
    return requests;
  };
  return {
    requests,
    waitFor,
    add(request: ReceivedRequest): void {
      requests.push(request);
      changed.resolve();
      changed = Promise.withResolvers();
    },
    async next(): Promise<ReceivedRequest> {
      taken += 1;
      const index = taken - 1;
      return (await waitFor(index + 1))[index]!;
    },
  };
};

/** Starts an HTTP receiver. It answers an empty 200 until it is told otherwise. `await using` closes it. */
export const startReceiver = async (answer: ReceiverAnswer = {}, options: ReceiverOptions = {}): Promise<Receiver> => {
  let answers: readonly ReceiverAnswer[] = [answer];
  const record = recordRequests();

  const onRequest = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(incoming);
    const { method = "", url = "", headers, rawHeaders } = incoming;
    const request = {
      method,
      path: url,
      headers,
      rawHeaders,
      body,
      connection: connections.numberOf(incoming.socket),
      ...describeTls(incoming.socket),
    };
    const [own = {}, ...rest] = answers;
    if (rest.length > 0) answers = rest;
    record.add(request);
    await respond(own, request, response);
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    onRequest(incoming, response).catch((error: unknown) => {
      // Whoever hangs up while it talks is what many tests are about; anything else is a mistake in a test.
      response.destroy();
      if (!incoming.destroyed) throw error;
    });
  };
  const server =
    options.tls === true
      ? createHttpsServer({ key: readTls("receiver.key.pem"), cert: receiverCa }, listener)
      : createHttpServer(listener);
  const connections = trackConnections(server);
  const port = await listen(server, options);
  return {
    url: options.tls === true ? `https://receiver.test:${port}` : `http://${options.host ?? "127.0.0.1"}:${port}`,
    port,
    requests: record.requests,
    get connections() {
      return connections.opened();
    },
    get openConnections() {
      return connections.open();
    },
    next: record.next,
    waitFor: record.waitFor,
    respondWith(...next) {
      answers = next;
    },
    close: connections.close,
    [Symbol.asyncDispose]: connections.close,
  };
};

/** A receiver that speaks something else than proper HTTP. */
export type RawReceiver = Pick<Receiver, "url" | "port" | "connections" | "openConnections" | "close"> &
  AsyncDisposable;

/** Starts a receiver that hands every connection to `onConnection`. `await using` closes it. */
export const startRawReceiver = async (
  onConnection: (socket: Socket, connection: number) => void,
  options: Pick<ReceiverOptions, "host" | "port"> = {},
): Promise<RawReceiver> => {
  const server = createTcpServer();
  const connections = trackConnections(server);
  server.on("connection", (socket) => onConnection(socket, connections.opened()));
  const port = await listen(server, options);
  return {
    url: `http://${options.host ?? "127.0.0.1"}:${port}`,
    port,
    get connections() {
      return connections.opened();
    },
    get openConnections() {
      return connections.open();
    },
    close: connections.close,
    [Symbol.asyncDispose]: connections.close,
  };
};

/** Starts a receiver that says `text` (latin1) to every connection once a request has come in. */
export const saying = (text: string, then: (socket: Socket) => void = () => {}): Promise<RawReceiver> =>
  startRawReceiver((socket) => socket.once("data", () => socket.write(text, "latin1", () => then(socket))));
