import type { RateLimit } from "../access/rate-limit.ts";
import { StoreError } from "../db/store-error.ts";
import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { Entrance } from "../observe/accounts.ts";
import type { Observer } from "../observe/observe.ts";
import type { BetterAuth, Client, OpenedSession } from "./_better-auth.ts";
import { PasswordBusyError, type Passwords } from "./passwords.ts";
import { removeSessions } from "./remove-sessions.ts";

/** Somebody who came in, and the `Set-Cookie` headers that keep them in; or somebody who has to wait. */
export type Entry =
  | ({ readonly kind: "entered" } & OpenedSession)
  | { readonly kind: "limited"; readonly retryAfterSeconds: number };

/** What letting people in takes. */
export type EntryParts = {
  readonly store: Pick<Store, "lookup" | "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly ids: Ids;
  readonly passwords: Passwords;
  /** Counts tries by address, and by whose account they are for. */
  readonly tries: { readonly byAddress: RateLimit; readonly byEmail: RateLimit };
  readonly observer: Pick<Observer, "entered" | "entryRefused">;
  betterAuth(): Promise<BetterAuth>;
};

/** Somebody at one of the ways in. `email`: whose account is tried, where passwords could be guessed. */
export type Visitor = { readonly entrance: Entrance; readonly client: Client; readonly email: string | null };

/** Seconds to wait before another try. Null: none. */
const waitOf = ({ tries }: EntryParts, { client, email }: Visitor): number | null => {
  const verdicts = [tries.byAddress(client.address ?? "nowhere")];
  if (email !== null) verdicts.push(tries.byEmail(email.toLowerCase()));
  const waits = verdicts.map((verdict) => (verdict.kind === "limited" ? verdict.retryAfterSeconds : 0));
  return Math.max(...waits) || null;
};

/**
 * Lets somebody try to come in, within the bounds of tries and of passwords that can be checked. What `attempt` comes to beside an
 * entry is a refusal, and its kind the reason.
 */
export const enter = async <Refusal extends { readonly kind: string }>(
  parts: EntryParts,
  visitor: Visitor,
  attempt: () => Promise<OpenedSession | Refusal>,
): Promise<Entry | Refusal> => {
  const { observer, store, clock } = parts;
  const { entrance, client } = visitor;
  const refuse = <Refused extends { readonly kind: string }>(refused: Refused): Refused => {
    observer.entryRefused({ entrance, reason: refused.kind, senderAddress: client.address });
    return refused;
  };
  const hold = (retryAfterSeconds: number): Entry => refuse({ kind: "limited", retryAfterSeconds } as const);
  const wait = waitOf(parts, visitor);
  if (wait !== null) return hold(wait);
  try {
    const come = await attempt();
    if ("kind" in come) return refuse(come);
    await removeSessions(store, come.userId, clock.nowMs());
    observer.entered({ entrance, userId: come.userId });
    return { kind: "entered", ...come };
  } catch (error) {
    if (!(error instanceof PasswordBusyError)) throw error;
    return hold(error.retryAfterSeconds);
  }
};

/** Two who take the same address or name at once, at two processes: the second sees what the first did. */
const conflictsMax = 3;

/** Writes, and looks again when somebody else was faster with a row. @throws {StoreError} */
export const writeAgain = async <T>(
  { store }: Pick<EntryParts, "store">,
  work: Parameters<typeof store.write<T>>[0],
): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.write(work);
    } catch (error) {
      if (tries === conflictsMax || !(error instanceof StoreError && error.code === "constraint")) throw error;
    }
  }
};

/** Opens a session for somebody who is in the store. */
export const openFor = async (parts: EntryParts, userId: string, client: Client): Promise<OpenedSession> => {
  const opened = await (await parts.betterAuth()).openSession(userId, client);
  if (opened === null) throw new StoreError("other", "somebody who was just let in is gone");
  return opened;
};
