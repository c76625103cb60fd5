import { Agent } from "undici";

import type { Connector } from "./_connector.ts";

/** The connections that requests go out on. */
export type Pools = {
  /** Keeps connections alive, any number per origin: lanes bound what is in flight, not the pool. */
  readonly shared: Agent;
  /** Opens a connection for each request (which must say `reset`), for those that must not meet an old one. */
  readonly fresh: Agent;
  /** For what libraries fetch: its bounds are wider than those of `send`. */
  readonly fetched: Agent;
  /** Ends all connections, and with them the requests on them. */
  close(): Promise<void>;
};

/** How long an idle connection is kept when the receiver does not say. Node's own servers keep theirs 5 s and say so. */
const idleMsDefault = 10_000;
/** At most this, when the receiver says more. */
const idleMsMax = 30_000;
/**
 * How many requests one connection serves: a receiver that has moved elsewhere in the DNS is followed in the end.
 * (undici's `clientTtl` looks at every connection for every request: 11 µs more at 64 in flight, measured.)
 */
const requestsPerConnectionMax = 1_000;
const headerBytesMax = 16 * 1024;
/** What one answer to `send` may come to on the wire: 33 heads, and 64 KiB of body in small chunks. */
const answerBytesMax = 1024 * 1024;
/** The body of what libraries fetch, and all of its answer. */
const fetchedBytesMax = 8 * 1024 * 1024;
const fetchedAnswerBytesMax = fetchedBytesMax * 2;
const fetchTimeoutMs = 30_000;

/** Three pools over one connector. */
export const createPools = (connector: Pick<Connector, "connectFor">): Pools => {
  const options: Agent.Options = {
    connect: connector.connectFor(answerBytesMax),
    // One request at a time on a connection: an answer is never for another request, a reset costs one.
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: idleMsDefault,
    keepAliveMaxTimeout: idleMsMax,
    maxRequestsPerClient: requestsPerConnectionMax,
    maxHeaderSize: headerBytesMax,
  };
  const shared = new Agent(options);
  const fresh = new Agent(options);
  const fetched = new Agent({
    ...options,
    connect: connector.connectFor(fetchedAnswerBytesMax),
    maxResponseSize: fetchedBytesMax,
    headersTimeout: fetchTimeoutMs,
    bodyTimeout: fetchTimeoutMs,
  });
  return {
    shared,
    fresh,
    fetched,
    close: async () => {
      await Promise.all([shared.destroy(), fresh.destroy(), fetched.destroy()]);
    },
  };
};
