import { getGlobalDispatcher, setGlobalDispatcher, type Dispatcher } from "undici";

import type { Clock } from "../lib/clock.ts";
import { createConnector } from "./_connector.ts";
import { createPools } from "./_pools.ts";
import { parseEgressAllow } from "./egress-allow.ts";
import { createGuard } from "./guard.ts";
import { createResolver, type ResolverOptions } from "./resolver.ts";
import { createSend, type Send } from "./send.ts";
import type { UrlVerdict } from "./url-policy.ts";

/** The only way out of this program. Every connection goes to an address that was judged when it was made. */
export type Outbound = {
  /** Sends one request, without following redirects. */
  readonly send: Send;
  /** Whether a URL may be saved as a destination; asks the name servers. */
  checkUrl(text: string): Promise<UrlVerdict>;
  /** The same guard for libraries that bring their own requests. */
  readonly dispatcher: Dispatcher;
  /** Ends all connections; requests on them end as `cancelled`. */
  close(): Promise<void>;
};

export type OutboundOptions = {
  clock: Clock;
  /** `EGRESS_ALLOW`: addresses, ranges, host names and `*.` patterns that may be reached although private. */
  egressAllow: readonly string[];
  resolver?: Omit<ResolverOptions, "clock"> | undefined;
  tls?: { /** Certificate authorities to trust, in PEM, in place of the usual ones. */ ca?: string } | undefined;
  /** For name, connection and TLS of one connection. Default: 10,000. */
  connectTimeoutMs?: number | undefined;
};

const connectTimeoutMsDefault = 10_000;

/** @throws {EgressAllowError} for an entry of `egressAllow` that cannot be read. */
export const createOutbound = ({ clock, egressAllow, tls, ...options }: OutboundOptions): Outbound => {
  const allow = parseEgressAllow(egressAllow);
  const resolver = createResolver({ ...options.resolver, clock });
  const guard = createGuard({ allow, resolver });
  const connectTimeoutMs = options.connectTimeoutMs ?? connectTimeoutMsDefault;
  const connector = createConnector({ guard, clock, ca: tls?.ca, connectTimeoutMs });
  const pools = createPools(connector);
  return {
    send: createSend({ clock, pools, connector }),
    checkUrl: guard.checkUrl,
    dispatcher: pools.fetched,
    async close() {
      connector.close();
      await pools.close();
      resolver.close();
    },
  };
};

/**
 * Makes `fetch`, Node's own and undici's, go through `outbound`: also in libraries that know nothing of it. Disposing
 * of what it returns gives back what was there before.
 */
export const installGlobalDispatcher = (outbound: Pick<Outbound, "dispatcher">): Disposable => {
  const before = getGlobalDispatcher();
  setGlobalDispatcher(outbound.dispatcher);
  return { [Symbol.dispose]: () => setGlobalDispatcher(before) };
};
