/** What has become of a seeded event. */
export type Fate = {
  readonly eventType: string;
  readonly eventStatus: "received" | "forwarding" | "succeeded" | "failed";
  readonly deliveryStatus: "pending" | "success" | "failed";
  readonly attempts: number;
  readonly isGenuine: boolean;
};

/** A type that one of 50,000 events has: what finds them has to look at all others. */
export const rareType = "release";
const rareEvery = 50_000;

/** What most events are. */
export const types = ["push", "push", "push", "pull_request", "pull_request", "issues", "check_run", "star"] as const;

/** A number below `count` that looks like chance and is the same in every run. Different salts know nothing of each other. */
export const scatter = (number: number, salt: number, count: number): number => {
  let mixed = Math.imul(number ^ Math.imul(salt, 0x9e_37_79_b1), 0x85_eb_ca_6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % count;
};

const typeOf = (number: number): string =>
  scatter(number, 1, rareEvery) === 0 ? rareType : (types[scatter(number, 2, types.length)] ?? "push");

/**
 * A mix as a gateway in use has it: of two hundred events one was a forgery, two were never delivered, six only at the
 * second or third attempt. The events of a backlog are all still to be delivered.
 */
export const fateOf = (number: number, isBacklog: boolean): Fate => {
  const eventType = typeOf(number);
  const place = scatter(number, 3, 200);
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
