import { type Keyring, SealError } from "../lib/sealing.ts";
import type { SealedSecrets } from "./source.ts";

/** What is to become of an object's secrets. */
export type SecretChange =
  | { readonly kind: "keep" }
  /** A new secret counts; the one before it goes on counting for a day, unless `atOnce`. */
  | { readonly kind: "set"; readonly secret: string; readonly atOnce: boolean }
  /** The secret before the present one stops counting. */
  | { readonly kind: "drop_previous" }
  | { readonly kind: "drop_all" };

/** How long both ends have to take a new secret over. */
export const previousCountsMs: number = 24 * 60 * 60 * 1000;

export const noSecrets: SealedSecrets = { current: null, previous: null, previousUntilMs: null };

/** Null when there is none, or no key of this process opens it. */
export const openOrNull = (keyring: Keyring, sealed: Uint8Array | null, place: string): string | null => {
  if (sealed === null) return null;
  try {
    return keyring.open(sealed, place);
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
};

/** What lies in the store after a change of secrets. `place` is the object's own. */
export const rotate = (
  sealed: SealedSecrets,
  change: SecretChange,
  { keyring, place, nowMs }: { keyring: Keyring; place: string; nowMs: number },
): SealedSecrets => {
  switch (change.kind) {
    case "keep":
      return sealed;
    case "drop_previous":
      return { ...sealed, previous: null, previousUntilMs: null };
    case "drop_all":
      return noSecrets;
    case "set": {
      const current = openOrNull(keyring, sealed.current, place);
      if (current === change.secret) {
        // A repeated request must not push out the secret that still counts beside this one.
        return change.atOnce ? { ...sealed, previous: null, previousUntilMs: null } : sealed;
      }
      // One that cannot be opened would make both unreadable.
      const previous = current === null || change.atOnce ? null : sealed.current;
      const previousUntilMs = previous === null ? null : nowMs + previousCountsMs;
      return { current: keyring.seal(change.secret, place), previous, previousUntilMs };
    }
  }
};
