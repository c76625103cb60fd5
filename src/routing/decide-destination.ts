import type { SecretChange } from "./_rotation.ts";
import type { Connection } from "./connection.ts";
import { type CircuitRule, closedCircuit, type Destination } from "./destination.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Dialect, SourceKind } from "./source.ts";

/** What people set of a destination. */
export type DestinationSettings = Pick<
  Destination,
  | "url"
  | "enabled"
  | "maxConcurrency"
  | "rateLimit"
  | "ratePeriod"
  | "ordered"
  | "timeoutMs"
  | "retryScheduleSeconds"
  | "payloadFormat"
  | "forwardHeaders"
  | "resign"
>;

/** What people may set beside that. */
export type DestinationExtras = Pick<Destination, "name" | "method" | "retry" | "circuit">;

/** A destination to be made. Extras that are absent are those of `plainDestination`. */
export type NewDestination = DestinationSettings &
  Partial<DestinationExtras> & {
    readonly kind: SourceKind;
    readonly dialect: Dialect;
    /** With which Standard Webhooks are signed. Null: they are not. */
    readonly secret: string | null;
    /** Default: nothing. */
    readonly outgoing?: Outgoing;
  };

/** What people set of the connection that leads to a destination, where they set both as one. */
export type LinkSettings = Pick<Connection, "eventFilter" | "filterRules" | "transformEnabled" | "transformExpression">;

/** A destination to be made, and the connection that leads to it. Absent parts of that are those of `plainConnection`. */
export type DestinationDraft = NewDestination & Pick<LinkSettings, "eventFilter"> & Partial<LinkSettings>;

/** What to change of a destination. Absent parts stay. */
export type DestinationChanges = Partial<DestinationSettings> &
  Partial<Omit<DestinationExtras, "circuit">> & {
    readonly circuit?: Partial<CircuitRule>;
    /** The one before goes on signing beside it for a day. Null: nothing is signed any more. */
    readonly secret?: string | null;
    /** Parts that are there replace what was. */
    readonly outgoing?: Partial<Outgoing>;
  };

/** What to change of a destination and of the connection that leads to it. Absent parts stay. */
export type LinkedChanges = DestinationChanges & Partial<LinkSettings>;

/** A limit has a period, and no limit has none. */
export const settleRate = <Settings extends Pick<DestinationSettings, "rateLimit" | "ratePeriod">>(
  settings: Settings,
): Settings => ({ ...settings, ratePeriod: settings.rateLimit === null ? null : (settings.ratePeriod ?? "second") });

/** What switching a destination on or off by hand does to it. */
const switched = (
  destination: Destination,
  enabled: boolean,
): Pick<Destination, "enabled" | "disabledReason" | "enabling"> => {
  const { disabledReason, enabling } = destination;
  if (destination.enabled === enabled) return { enabled, disabledReason, enabling };
  return enabled
    ? { enabled, disabledReason: null, enabling }
    : { enabled, disabledReason: "manual", enabling: enabling + 1 };
};

/** A schedule in the words of one API, or its own, takes the place of what was said in those of the other. */
const settleRetry = (destination: Destination, changes: DestinationChanges): Pick<Destination, "retry"> => {
  const retry = changes.retry ?? destination.retry;
  if (changes.retryScheduleSeconds === undefined) return { retry };
  return { retry: { ...retry, enabled: true, backoff: "schedule", retriesMax: null } };
};

/** A destination after a change. The failure count stays until the next success, and a circuit as long as there is one. */
export const changeDestination = (
  destination: Destination,
  { secret: _secret, outgoing: _outgoing, enabled = destination.enabled, ...changes }: DestinationChanges,
): Destination => {
  const circuit = { ...destination.circuit, ...changes.circuit };
  return settleRate({
    ...destination,
    ...changes,
    ...settleRetry(destination, changes),
    circuit,
    ...(circuit.enabled ? {} : closedCircuit),
    ...switched(destination, enabled),
  });
};

/** What a change means for the secrets. */
export const destinationSecretChange = ({ secret }: Pick<DestinationChanges, "secret">): SecretChange => {
  if (secret === undefined) return { kind: "keep" };
  return secret === null ? { kind: "drop_all" } : { kind: "set", secret, atOnce: false };
};
