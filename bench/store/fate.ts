/** What has become of a seeded event. */
export type Fate = {
  readonly eventType: string;
  readonly eventStatus: "received" | "forwarding" | "succeeded" | "failed";
  readonly deliveryStatus: "pending" | "success" | "failed";
  readonly attempts: number;
  readonly isGenuine: boolean;
};

/** A type that 20 of a million events have: what finds them has to look at all others. */
export const rareType = "release";
const rareEvery = 50_000;

const typeOf = (number: number): string => {
  if (number % rareEvery === 7) return rareType;
  const types = ["push", "push", "push", "pull_request", "pull_request", "issues", "check_run", "star"] as const;
  return types[(number * 7) % types.length] ?? "push";
};

/**
 * A mix as a gateway in use has it: of a hundred events one was never delivered, three only at the second or third
 * attempt, and one in two hundred was a forgery. The events of a backlog are all still to be delivered.
 */
export const fateOf = (number: number, isBacklog: boolean): Fate => {
  const eventType = typeOf(number);
  const place = (number * 37) % 200;
  if (isBacklog) {
    return { eventType, eventStatus: "forwarding", deliveryStatus: "pending", attempts: 0, isGenuine: true };
  }
  if (place === 0) {
    return { eventType, eventStatus: "received", deliveryStatus: "success", attempts: 0, isGenuine: false };
  }
  if (place <= 2) {
    return { eventType, eventStatus: "failed", deliveryStatus: "failed", attempts: 5, isGenuine: true };
  }
  const attempts = place <= 8 ? 2 + (place % 2) : 1;
  return { eventType, eventStatus: "succeeded", deliveryStatus: "success", attempts, isGenuine: true };
};
