import { makeTeam } from "../access/place.ts";
import type { Client } from "./_better-auth.ts";
import { type Entry, enter, type EntryParts, openFor, writeAgain } from "./entry.ts";
import { join } from "./member.ts";
import { problemOf, type Registration, type RegistrationProblem } from "./registration.ts";
import { addUser, findUserByEmail } from "./user.ts";

/**
 * What came of signing up:
 *
 * - `closed`: nobody may, unless they are invited.
 * - `taken`: somebody has the address.
 */
export type SignUp =
  | Entry
  | { readonly kind: "closed" | "taken" }
  | { readonly kind: "invalid"; readonly problem: RegistrationProblem };

/** Makes somebody known, with a team and an environment of their own, and lets them in. @throws {StoreError} */
export const signUp = async (
  parts: EntryParts & { readonly isOpen: boolean },
  registration: Registration,
  client: Client,
): Promise<SignUp> => {
  if (!parts.isOpen) return { kind: "closed" };
  const problem = problemOf(registration);
  if (problem !== null) return { kind: "invalid", problem };
  const { store, ids, clock, passwords } = parts;
  const { name, email, password } = registration;
  return enter<{ kind: "taken" }>(parts, { entrance: "sign_up", client, email: null }, async () => {
    if ((await findUserByEmail(store.lookup(), email)) !== null) return { kind: "taken" };
    // Before the transaction: all other writes would wait for it.
    const passwordHash = await passwords.hash(password);
    const id = ids.next();
    const isAdded = await writeAgain(parts, async (tx) => {
      if ((await findUserByEmail(tx.tables(), email)) !== null) return false;
      const nowMs = clock.nowMs();
      await addUser(tx, { id, name, email, passwordHash }, { ids, nowMs });
      const { teamId } = await makeTeam(tx, name, { ids, nowMs });
      await join(tx, id, { teamId, role: "owner" }, nowMs);
      return true;
    });
    return isAdded ? openFor(parts, id, client) : { kind: "taken" };
  });
};
