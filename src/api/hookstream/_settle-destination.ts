import { shownRetry } from "../../delivery/retry-policy.ts";
import type { NewDestination } from "../../routing/decide-destination.ts";
import type { DestinationView } from "../../routing/destination-view.ts";
import { type CircuitRule, type Destination, nameOf, plainDestination, type Retry } from "../../routing/destination.ts";
import type { DestinationEdit } from "../../routing/edit-destination.ts";
import { plainOutgoing } from "../../routing/outgoing.ts";
import { present } from "../fields.ts";
import type { SentDestination } from "./_destination-fields.ts";
import { settleOutgoing } from "./_settle-outgoing.ts";
import { refused, settled, type Settled } from "./_settled.ts";

const timeoutMsDefault = 30_000;
const concurrencyDefault = 16;
const retriesDefault = 5;
const retriesMax = 10;

/** The circuit of a destination of which nothing is said. */
const circuitDefault: CircuitRule = { ...plainDestination.circuit, enabled: true };

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at]);

/**
 * Retries after a body that speaks of them; undefined when it says what is so already. A schedule, which the other API makes,
 * stays one as long as nothing else is said of its waits.
 */
const retryAfter = (sent: SentDestination, destination: Destination): Settled<Retry | undefined> => {
  const shown = shownRetry(destination);
  const { enabled } = destination.retry;
  const next = {
    enabled: sent.retry_enabled === undefined ? enabled : (sent.retry_enabled ?? true),
    backoff: sent.retry_backoff_type === undefined ? shown.backoff : (sent.retry_backoff_type ?? "exponential"),
    intervals: sent.retry_intervals === undefined ? shown.intervalsSeconds : sent.retry_intervals,
    retriesMax: sent.retry_max_attempts === undefined ? shown.retriesMax : (sent.retry_max_attempts ?? retriesDefault),
  };
  const isSameMax = next.retriesMax === shown.retriesMax;
  const isSameIntervals = next.intervals !== null && sameNumbers(next.intervals, shown.intervalsSeconds);
  if (isSameMax && isSameIntervals && next.backoff === shown.backoff) {
    return settled(next.enabled === enabled ? undefined : { ...destination.retry, enabled: next.enabled });
  }
  if (!isSameMax && next.retriesMax < 1) return refused("retry_max_attempts", "must be at least 1");
  if (!isSameMax && next.retriesMax > retriesMax) return refused("retry_max_attempts", `must be at most ${retriesMax}`);
  if (next.intervals?.length === 0) return refused("retry_intervals", "must have at least 1 entries");
  return settled({
    enabled: next.enabled,
    backoff: next.backoff,
    intervalsSeconds: next.intervals,
    retriesMax: next.retriesMax,
  });
};

const orDefault = <Value>(sent: Value | null | undefined, byDefault: Value): Value | undefined =>
  sent === null ? byDefault : sent;

const circuitOf = (sent: SentDestination): Partial<CircuitRule> =>
  present({
    enabled: orDefault(sent.circuit_breaker_enabled, circuitDefault.enabled),
    threshold: orDefault(sent.circuit_breaker_threshold, circuitDefault.threshold),
    resetMs: orDefault(sent.circuit_breaker_reset_ms, circuitDefault.resetMs),
  });

/** The destination that a body makes, or what is wrong with it. */
export const settleNewDestination = (
  sent: SentDestination & { readonly name: string; readonly slug: string; readonly url: string },
): Settled<NewDestination & { readonly slug: string }> => {
  const outgoing = settleOutgoing(sent, plainOutgoing);
  if (outgoing.kind === "refused") return outgoing;
  const { retry_intervals: intervals, retry_max_attempts: wished } = sent;
  const retries = wished ?? retriesDefault;
  if (retries < 1 || retries > retriesMax) {
    return refused("retry_max_attempts", retries < 1 ? "must be at least 1" : `must be at most ${retriesMax}`);
  }
  if (intervals?.length === 0) return refused("retry_intervals", "must have at least 1 entries");
  return settled({
    kind: "webhook",
    dialect: "hookstream",
    name: sent.name,
    slug: sent.slug,
    url: sent.url,
    method: sent.method ?? "POST",
    secret: null,
    outgoing: { ...plainOutgoing, ...outgoing.value },
    enabled: sent.status !== "disabled",
    maxConcurrency: sent.max_concurrency ?? concurrencyDefault,
    rateLimit: sent.rate_limit ?? null,
    ratePeriod: sent.rate_limit_period ?? null,
    ordered: sent.ordered ?? false,
    timeoutMs: sent.timeout_ms ?? timeoutMsDefault,
    retryScheduleSeconds: null,
    retry: {
      enabled: sent.retry_enabled ?? true,
      backoff: sent.retry_backoff_type ?? "exponential",
      intervalsSeconds: intervals ?? null,
      retriesMax: retries,
    },
    circuit: { ...circuitDefault, ...circuitOf(sent) },
    payloadFormat: "raw",
    forwardHeaders: [],
    resign: true,
  });
};

/** What a body changes of a destination, or what is wrong with it. */
export const settleDestinationChanges = (
  { destination, outgoing: known }: DestinationView,
  sent: SentDestination,
): Settled<DestinationEdit> => {
  const outgoing = settleOutgoing(sent, known ?? plainOutgoing);
  if (outgoing.kind === "refused") return outgoing;
  const retry = retryAfter(sent, destination);
  if (retry.kind === "refused") return retry;
  return settled({
    circuit: circuitOf(sent),
    ...present({
      // What is sent as it is shown says nothing.
      name: sent.name === nameOf(destination) ? undefined : sent.name,
      slug: sent.slug,
      url: sent.url,
      method: orDefault(sent.method, "POST"),
      outgoing: Object.keys(outgoing.value).length === 0 ? undefined : outgoing.value,
      enabled: sent.status === undefined ? undefined : sent.status !== "disabled",
      maxConcurrency: orDefault(sent.max_concurrency, concurrencyDefault),
      rateLimit: sent.rate_limit,
      ratePeriod: sent.rate_limit_period,
      ordered: orDefault(sent.ordered, false),
      timeoutMs: orDefault(sent.timeout_ms, timeoutMsDefault),
      retry: retry.value,
    }),
  });
};
