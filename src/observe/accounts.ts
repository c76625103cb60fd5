import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** The ways in: by password, by signing up, or by an invitation. */
export type Entrance = "sign_in" | "sign_up" | "invitation";

/** What happens to people. Nothing here names them: a log is read by more than those who may know. */
export type AccountsObserver = {
  /** Somebody came in. */
  entered(entry: { entrance: Entrance; userId: string }): void;
  /** Somebody did not. `reason` is one of a few words. */
  entryRefused(refusal: { entrance: Entrance; reason: string; senderAddress: string | null }): void;
  /** An owner was invited. */
  ownerInvited(invitation: { expiresAtMs: number }): void;
  /** The library that signs people in has something to say. */
  signInNoted(note: { message: string }): void;
};

/** Writes the metrics and lines of people. */
export const createAccountsObserver = (log: Logger, metrics: Pick<Metrics, "counter">): AccountsObserver => {
  const entries = metrics.counter({
    name: "postern_entries_total",
    help: "People who came in or were refused, by the way they took (sign_in, sign_up, invitation) and outcome.",
    labels: ["entrance", "outcome"],
  });
  return {
    entered({ entrance, userId }) {
      entries.inc({ entrance, outcome: "entered" });
      log.info("somebody came in", { entrance, userId });
    },
    entryRefused({ entrance, reason, senderAddress }) {
      entries.inc({ entrance, outcome: reason });
      log.info("somebody was not let in", { entrance, reason, senderAddress });
    },
    ownerInvited({ expiresAtMs }) {
      log.info("an owner was invited", { expiresAt: new Date(expiresAtMs).toISOString() });
    },
    signInNoted({ message }) {
      log.warn("signing in has a remark", { remark: message });
    },
  };
};
