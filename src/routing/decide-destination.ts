import type { SecretChange } from "./_rotation.ts";
import type { Connection } from "./connection.ts";
import type { Destination } from "./destination.ts";
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

/** A destination to be made, and the connection that leads to it. */
export type DestinationDraft = DestinationSettings &
  Pick<Connection, "eventFilter"> & {
    readonly kind: SourceKind;
    readonly dialect: Dialect;
    /** Null: what is sent is not signed. */
    readonly secret: string | null;
  };

/** What to change of a destination and of the connection that leads to it. Absent parts stay. */
export type DestinationChanges = Partial<DestinationSettings> &
  Partial<Pick<Connection, "eventFilter">> & {
    /** The one before goes on signing beside it for a day. Null: nothing is signed any more. */
    readonly secret?: string | null;
  };

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

/** A destination after a change. The failure count stays until the next success. */
export const changeDestination = (
  destination: Destination,
  { secret: _secret, eventFilter: _filter, enabled = destination.enabled, ...changes }: DestinationChanges,
): Destination => settleRate({ ...destination, ...changes, ...switched(destination, enabled) });

/** What a change means for the secrets. */
export const destinationSecretChange = ({ secret }: Pick<DestinationChanges, "secret">): SecretChange => {
  if (secret === undefined) return { kind: "keep" };
  return secret === null ? { kind: "drop_all" } : { kind: "set", secret, atOnce: false };
};
