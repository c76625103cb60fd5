import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Clock } from "../lib/clock.ts";
import type { Address } from "../lib/ip.ts";
import { createHostsFile } from "./_hosts-file.ts";
import { createNameQuery, type Answer, type QueryFailure } from "./_name-query.ts";

/** The addresses of a name, or why there are none. `overloaded`: too many names are being asked for at once. */
export type Resolution =
  | { kind: "found"; addresses: readonly Address[] }
  | { kind: "failed"; reason: QueryFailure | "overloaded" };

/** Turns host names into addresses. */
export type Resolver = {
  /** `name` in lower case, without a last dot. Never throws. */
  resolve(name: string): Promise<Resolution>;
  /** Ends what is under way. */
  close(): void;
};

export type ResolverOptions = {
  clock: Clock;
  /** Name servers, `address` or `address:port`. Default: the machine's own (`/etc/resolv.conf`). */
  servers?: readonly string[] | undefined;
  /** Default: `/etc/hosts`. */
  hostsFile?: string | undefined;
  /** How long one name may take. Default: 2,000. */
  timeoutMs?: number | undefined;
};

const timeoutMsDefault = 2_000;
const namesCachedMax = 10_000;
/** Names being asked for at once, each on a socket of its own. Beyond it a look-up fails rather than waits behind names that nobody answers for. */
const queriesMax = 1_000;
/** A receiver that moves is found again within this, whatever its TTL says. */
const ttlMsMax = 60_000;
/** What a TTL of 0 is taken for: at 1,000 deliveries a second one question is enough. */
const ttlMsMin = 1_000;
/** How long "no address" is believed: shorter than the first retry's wait. */
const failureTtlMs = 3_000;

/** RFC 6761: whatever a name server says, these are this machine. */
const loopback: readonly Address[] = [
  { family: 4, value: 0x7f00_0001n },
  { family: 6, value: 1n },
];
const isLocalhost = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

const lifeMs = (answer: Answer): number =>
  answer.kind === "found" ? Math.min(Math.max(answer.ttlMs, ttlMsMin), ttlMsMax) : failureTtlMs;

/** The machine's `hosts` file, then the name servers, whose answers are kept for as long as they say, within bounds. */
export const createResolver = ({ clock, ...options }: ResolverOptions): Resolver => {
  const timeoutMs = options.timeoutMs ?? timeoutMsDefault;
  const hosts = createHostsFile(options.hostsFile ?? "/etc/hosts", clock);
  const query = createNameQuery({ servers: options.servers, timeoutMs });
  const underWay = new Set<AbortController>();
  const cache = new BoundedCache<string, { resolution: Resolution; untilMs: number }>(namesCachedMax);
  const flights = new Map<string, Promise<Resolution>>();

  const ask = async (name: string): Promise<Resolution> => {
    const stop = new AbortController();
    underWay.add(stop);
    // c-ares asks every name server in turn, each with the whole timeout.
    const timer = clock.after(timeoutMs, () => stop.abort());
    const answer = await query(name, stop.signal);
    timer.cancel();
    underWay.delete(stop);
    cache.set(name, { resolution: answer, untilMs: clock.monotonicMs() + lifeMs(answer) });
    return answer;
  };

  return {
    async resolve(name) {
      const listed = await hosts.find(name);
      if (listed !== undefined) return { kind: "found", addresses: listed };
      if (isLocalhost(name)) return { kind: "found", addresses: loopback };
      const cached = cache.get(name);
      if (cached !== undefined && cached.untilMs > clock.monotonicMs()) return cached.resolution;
      const flight = flights.get(name);
      if (flight !== undefined) return flight;
      if (underWay.size >= queriesMax) return { kind: "failed", reason: "overloaded" };
      const begun = ask(name).finally(() => flights.delete(name));
      flights.set(name, begun);
      return begun;
    },
    close() {
      for (const stop of underWay) stop.abort();
    },
  };
};
