import type { RecordWithTtl } from "node:dns";
import { Resolver } from "node:dns/promises";

import { parseAddress, type Address } from "../lib/ip.ts";

/**
 * Why a name has no addresses: it has none, nobody answered in time, a name server refused or failed, or there are more
 * than anybody needs.
 */
export type QueryFailure = "not_found" | "timeout" | "server" | "too_many";

/** What the name servers said. */
export type Answer =
  | { kind: "found"; addresses: readonly [Address, ...Address[]]; ttlMs: number }
  | { kind: "failed"; reason: QueryFailure };

/** Asks name servers for a name's IPv4 and IPv6 addresses, until it is told to stop. Never throws. */
export type NameQuery = (name: string, signal: AbortSignal) => Promise<Answer>;

/** A lost UDP packet is no answer, and bursts lose some. With several name servers the next try goes to another one. */
const tries = 3;

/**
 * Addresses of one name. An answer holds 4,000 of either family, ten thousand names are kept, and each address is judged
 * at each connection: without a bound one owner of names could fill the memory. The largest receivers show a few dozen.
 */
const addressesMax = 128;

const failureOf = (error: unknown): QueryFailure => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOTFOUND":
    case "ENODATA":
    case "EBADNAME":
      return "not_found";
    case "ETIMEOUT":
    case "ECANCELLED":
      return "timeout";
    default:
      return "server";
  }
};

const combine = (settled: readonly PromiseSettledResult<RecordWithTtl[]>[]): Answer => {
  const records = settled.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const [first, ...rest] = records.flatMap(({ address }) => parseAddress(address) ?? []);
  if (records.length > addressesMax) return { kind: "failed", reason: "too_many" };
  if (first !== undefined) {
    const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1_000;
    return { kind: "found", addresses: [first, ...rest], ttlMs };
  }
  const reasons = settled.map((result) => (result.status === "rejected" ? failureOf(result.reason) : "not_found"));
  // That one family does not exist says nothing while the other is unknown.
  return { kind: "failed", reason: reasons.find((reason) => reason !== "not_found") ?? "not_found" };
};

/**
 * Queries through c-ares: every name has its own packets and timer. (`dns.lookup` shares a pool of four threads, in
 * which four names of one dead name server hold up all others.) Each name also has a channel of its own, which takes 60 µs:
 * in a shared one an answer that cannot be read, whoever's it is, sends all that is under way out again until its tries are
 * used up, and a few fast answers make it give up on slow ones (c-ares 1.34). IPv4 comes first in the answer: a machine
 * without working IPv6 is more common than a receiver without IPv4.
 */
export const createNameQuery =
  (options: { servers?: readonly string[] | undefined; timeoutMs: number }): NameQuery =>
  async (name, signal) => {
    // Node looks at c-ares' timers only once per timeout, so each try may take up to twice as long.
    const channel = { timeout: Math.ceil(options.timeoutMs / (tries + 1)), tries };
    let resolver: Resolver;
    try {
      resolver = new Resolver(channel);
      if (options.servers !== undefined) resolver.setServers(options.servers);
    } catch {
      // No memory, or too many open files to read which name servers there are.
      return { kind: "failed", reason: "server" };
    }
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    const asked = [resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })];
    if (signal.aborted) cancel();
    const settled = await Promise.allSettled(asked);
    signal.removeEventListener("abort", cancel);
    return combine(settled);
  };
