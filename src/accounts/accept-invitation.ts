import type { Client } from "./_better-auth.ts";
import { type Entry, enter, type EntryParts, openFor, writeAgain } from "./entry.ts";
import { type InvitationStanding, readInvitation, useInvitation } from "./invitation.ts";
import { join } from "./member.ts";
import { problemOf, type Registration, type RegistrationProblem } from "./registration.ts";
import { addUser, findUserByEmail, type KnownUser } from "./user.ts";

/** An invitation, and who takes it up: somebody new, or, with their own password, somebody who is known. */
export type Acceptance = Registration & { readonly token: string };

type Refused =
  | Exclude<InvitationStanding, { kind: "open" }>
  /** Somebody has the address, and another password. */
  | { readonly kind: "wrong_password" };

/** What came of it. `not_found`, `expired`, `used`: what the invitation is. */
export type InvitationAcceptance =
  | Entry
  | Refused
  | { readonly kind: "invalid"; readonly problem: RegistrationProblem };

/** Null: it is not theirs. */
const passwordOf = async (
  { passwords }: EntryParts,
  known: KnownUser | null,
  password: string,
): Promise<{ readonly passwordHash: string } | null> => {
  if (known === null) return { passwordHash: await passwords.hash(password) };
  const { passwordHash } = known;
  if (passwordHash === null || !(await passwords.verify({ hash: passwordHash, password }))) return null;
  return { passwordHash };
};

/** Takes an invitation up: whoever has it comes into the team. It counts once. @throws {StoreError} */
export const acceptInvitation = async (
  parts: EntryParts,
  { token, ...registration }: Acceptance,
  client: Client,
): Promise<InvitationAcceptance> => {
  const problem = problemOf(registration);
  if (problem !== null) return { kind: "invalid", problem };
  const { store, ids, clock } = parts;
  const { name, email, password } = registration;
  return enter<Refused>(parts, { entrance: "invitation", client, email }, async () => {
    const standing = await readInvitation(store, token, clock.nowMs());
    if (standing.kind !== "open") return standing;
    const known = await findUserByEmail(store.lookup(), email);
    // Before the transaction: all other writes would wait for it.
    const proof = await passwordOf(parts, known, password);
    if (proof === null) return { kind: "wrong_password" };
    const userId = known?.id ?? ids.next();
    const refused = await writeAgain<Refused | null>(parts, async (tx) => {
      const nowMs = clock.nowMs();
      const now = await readInvitation({ lookup: () => tx.tables() }, token, nowMs);
      if (now.kind !== "open") return now;
      // Somebody took the address meanwhile.
      if (known === null && (await findUserByEmail(tx.tables(), email)) !== null) return { kind: "wrong_password" };
      if (!(await useInvitation(tx, token, { userId, nowMs }))) return { kind: "used" };
      if (known === null) await addUser(tx, { id: userId, name, email, ...proof }, { ids, nowMs });
      await join(tx, userId, now.membership, nowMs);
      return null;
    });
    return refused ?? openFor(parts, userId, client);
  });
};
