import type { Children } from "../harness/children.ts";
import { type Client, createClient } from "../harness/client.ts";
import { freePort } from "../harness/free-port.ts";
import { makeKey } from "../harness/make-key.ts";
import { type Ended, type Serve, type ServeStart, startServe } from "../harness/serve.ts";

/** How the gateway's process is started: the first time, and again. */
export type StartWish = Pick<ServeStart, "environment" | "nodeArguments" | "wrapper" | "hasChannel"> & {
  /** Where its directory is found when it runs in a namespace of its own. */
  readonly seenAt?: (pid: number) => string;
};

export type GatewayWish = StartWish & { readonly directory?: string };

/** A gateway that can be killed, frozen and started again: always on the same directory and port. */
export type Gateway = {
  /** Its directory, as it is seen from here. */
  readonly directory: string;
  /** Whether that is seen through `/proc` only. */
  readonly isApart: boolean;
  readonly port: number;
  readonly url: string;
  /** A key that may do everything with webhooks. */
  readonly key: string;
  readonly client: Client;
  /** The last lines that its processes logged, oldest first. */
  readonly log: readonly string[];
  /** The process that runs now, or ran last. */
  readonly serve: Serve;
  /** What its last start took until it was ready. */
  readonly readyMs: number;
  /** Starts it and waits until it is ready. Default: as the time before. Gives the time that it took. */
  start(wish?: StartWish): Promise<number>;
  /** Starts it and does not wait: for a kill while it starts. */
  launch(wish?: StartWish): Promise<Serve>;
  /** `kill -9`. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to end with SIGTERM: gives how it ended, and how long that took. */
  terminate(): Promise<Ended & { readonly tookMs: number }>;
  /** SIGSTOP: nothing runs in it until `thaw`. */
  freeze(): void;
  thaw(): void;
};

const linesMax = 1_000;

/** Gateways are started so often that it pays to compile the program once: 0.5 s instead of 1.3 s on a busy machine. */
const compileCache = new URL("../node_modules/.cache/compile/", import.meta.url).pathname;

/** Starts a gateway on `directory`, and makes a key to it. */
export const startGateway = async (
  children: Children,
  { directory, ...wish }: GatewayWish & { readonly directory: string },
): Promise<Gateway> => {
  const port = await freePort();
  let now: StartWish = wish;
  const log: string[] = [];
  const onLine = (line: string): void => {
    log.push(line);
    if (log.length > linesMax) log.shift();
  };
  const startNow = (): Promise<Serve> => {
    const environment = { NODE_COMPILE_CACHE: compileCache, ...now.environment };
    return startServe(children, { ...now, directory, port, onLine, environment });
  };
  let serve: Serve = await startNow();
  const launch = async (next: StartWish = now): Promise<Serve> => {
    now = next;
    serve = await startNow();
    return serve;
  };
  let readyMs = await serve.untilReady();
  const key = await makeKey(children, directory, { NODE_COMPILE_CACHE: compileCache, ...now.environment });
  const { url } = serve;
  return {
    get directory() {
      return now.seenAt === undefined ? directory : now.seenAt(serve.pid);
    },
    get isApart() {
      return now.seenAt !== undefined;
    },
    port,
    url,
    key,
    log,
    client: createClient(url, key),
    get serve() {
      return serve;
    },
    get readyMs() {
      return readyMs;
    },
    launch,
    start: async (next) => {
      readyMs = await (await launch(next)).untilReady();
      return readyMs;
    },
    kill: async () => {
      await serve.end();
    },
    terminate: async () => {
      const startedMs = performance.now();
      const ended = await serve.end("SIGTERM");
      return { ...ended, tookMs: performance.now() - startedMs };
    },
    freeze: () => {
      serve.child.kill("SIGSTOP");
    },
    thaw: () => {
      serve.child.kill("SIGCONT");
    },
  };
};
