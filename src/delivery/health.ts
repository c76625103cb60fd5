import type { Destination } from "../routing/destination.ts";
import type { HealthSign } from "./decide.ts";

/** Deliveries in a row that ran out of attempts, after which a destination is switched off. */
export const failuresMax: number = 10;

/** What delivery itself changes of a destination. */
export type Health = Pick<Destination, "enabled" | "enabling" | "failureCount" | "disabledReason">;

const switchedOff = <Known extends Health>(
  health: Known,
  disabledReason: "failures" | "gone",
  failureCount: number,
): Known => ({
  ...health,
  enabled: false,
  enabling: health.enabling + 1,
  failureCount,
  disabledReason,
});

/** A destination's health after one more sign. The same object when nothing changed. */
export const afterSign = <Known extends Health>(health: Known, sign: HealthSign): Known => {
  switch (sign) {
    case "none":
      return health;
    case "works":
      return health.failureCount === 0 ? health : { ...health, failureCount: 0 };
    case "gone":
      return switchedOff(health, "gone", health.failureCount + 1);
    case "exhausted": {
      const failureCount = health.failureCount + 1;
      return failureCount < failuresMax ? { ...health, failureCount } : switchedOff(health, "failures", failureCount);
    }
  }
};

/** hookstream's API has no switch: what it made is never switched off behind its users' backs, for it could not be switched on. */
export const signFor = ({ dialect }: Pick<Destination, "dialect">, sign: HealthSign): HealthSign =>
  dialect === "hookstream" && (sign === "exhausted" || sign === "gone") ? "none" : sign;
