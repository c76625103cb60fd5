import type { Store } from "../db/store.ts";
import { readSourceCounts } from "../events/read-source-counts.ts";
import type { Id } from "../lib/ids.ts";
import type { CompiledRules } from "../routing/rules.ts";
import type { RoutedSource } from "../routing/table.ts";
import type { GateRefusal } from "./refusal.ts";

/** Looks at what can be said of a request before its body is read. */
export type Gate = {
  /**
   * Null: the request may come in, and `leave` must be told when it has been dealt with. At once, unless the source takes so many
   * events and no more: then the store is asked how many it has.
   */
  enter(routed: RoutedSource, at: GateAt): GateRefusal | null | Promise<GateRefusal | null>;
  /** `isStored`: whether it became an event. */
  leave(routed: RoutedSource, isStored: boolean): void;
};

/** Who asks, and when. */
export type GateAt = { readonly senderAddress: string | null; readonly nowMs: number };

/**
 * What is known of a source that takes so many events and no more, from the first request for it until none is under way.
 * `before`: its events when nobody was inside, so that each of those since is counted once, in `taken`.
 */
type Quota = { readonly before: Promise<number>; taken: number; inside: number };

const addressRefusal = (addresses: CompiledRules["addresses"], sender: string | null): GateRefusal | null => {
  if (addresses === null) return null;
  // Who cannot be told from others is in no list.
  if (sender !== null && addresses.deny?.has(sender) === true) return "ip_denied";
  return addresses.allow === null || (sender !== null && addresses.allow.has(sender)) ? null : "ip_not_allowed";
};

const restOf = ({ source, rules }: RoutedSource, { senderAddress }: GateAt): GateRefusal | null => {
  if (source.status === "disabled") return "disabled";
  return addressRefusal(rules?.addresses ?? null, senderAddress);
};

/** Makes the gate of one process. Several processes may together let a few more in than a source may take. */
export const createGate = ({ store }: { readonly store: Pick<Store, "lookup"> }): Gate => {
  const quotas = new Map<Id, Quota>();

  const countOf = async (id: Id): Promise<number> => (await readSourceCounts(store, [id])).get(id)?.events ?? 0;
  const tidy = (sourceId: Id, quota: Quota): void => {
    if (quota.inside === 0) quotas.delete(sourceId);
  };
  const admit = async (routed: RoutedSource, requestLimit: number, at: GateAt): Promise<GateRefusal | null> => {
    const { id } = routed.source;
    const quota = quotas.get(id) ?? { before: countOf(id), taken: 0, inside: 0 };
    quotas.set(id, quota);
    quota.inside += 1;
    let refusal: GateRefusal | null = "request_limit";
    try {
      // What other processes took since is in the store, too.
      const [before, stored] = await Promise.all([quota.before, countOf(id)]);
      if (before + quota.taken < requestLimit && stored < requestLimit) refusal = restOf(routed, at);
      if (refusal === null) quota.taken += 1;
      return refusal;
    } finally {
      if (refusal !== null) quota.inside -= 1;
      tidy(id, quota);
    }
  };
  return {
    enter: (routed, at) => {
      const { rules } = routed;
      if (rules === null) return restOf(routed, at);
      if (rules.expiresAtMs !== null && at.nowMs >= rules.expiresAtMs) return "expired";
      return rules.requestLimit === null ? restOf(routed, at) : admit(routed, rules.requestLimit, at);
    },
    leave: ({ source: { id } }, isStored) => {
      const quota = quotas.get(id);
      if (quota === undefined) return;
      quota.inside -= 1;
      if (!isStored) quota.taken -= 1;
      tidy(id, quota);
    },
  };
};
