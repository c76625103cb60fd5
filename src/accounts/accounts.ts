import type { Access } from "../access/access.ts";
import type { SessionPrincipal } from "../access/api-key.ts";
import { createRateLimit } from "../access/rate-limit.ts";
import { singly } from "../db/singly.ts";
import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Keyring } from "../lib/sealing.ts";
import type { Observer } from "../observe/observe.ts";
import type { BetterAuth, Client } from "./_better-auth.ts";
import { type Acceptance, acceptInvitation, type InvitationAcceptance } from "./accept-invitation.ts";
import type { EntryParts } from "./entry.ts";
import { inviteOwner, type Invited } from "./invitation.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import type { Registration } from "./registration.ts";
import { readSessionToken, sessionCookieHeader } from "./session-cookie.ts";
import { chooseTeam, endSession, findSession, type FoundSession } from "./session.ts";
import { signInRemarks } from "./sign-in-remarks.ts";
import { type Credentials, signIn, type SignIn } from "./sign-in.ts";
import { signUp, type SignUp } from "./sign-up.ts";
import { findUser, type User } from "./user.ts";

/** A session as its holder sees it. */
export type OwnSession = FoundSession & {
  readonly user: User;
  /** `Set-Cookie` headers: that of a session that was prolonged. */
  readonly cookies: readonly string[];
};

/** People: who they are, how they come in, and what they may do. Cookies are given and taken as whole headers. */
export type Accounts = {
  signIn(credentials: Credentials, client: Client): Promise<SignIn>;
  signUp(registration: Registration, client: Client): Promise<SignUp>;
  acceptInvitation(acceptance: Acceptance, client: Client): Promise<InvitationAcceptance>;
  /** Whose session a `Cookie` header shows. Null: nobody's. Whether it counts for a request is for the API to say. */
  authenticate(cookieHeader: string | undefined, nowMs: number): Promise<SessionPrincipal | null>;
  /** The same, with all there is to know of it. Prolongs a session that is used. */
  readSession(cookieHeader: string | undefined, nowMs: number): Promise<OwnSession | null>;
  /** From now on the session acts in this team. False: it is not its holder's. */
  chooseTeam(cookieHeader: string | undefined, teamId: Id, nowMs: number): Promise<boolean>;
  /** Ends a session. Gives the `Set-Cookie` headers that take it from the browser. */
  signOut(cookieHeader: string | undefined): Promise<readonly string[]>;
  /** Team null: the default one. */
  inviteOwner(team: string | null): Promise<Invited>;
  /** Loads what signing in takes, so that nobody waits for it later. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
};

export type AccountsParts = {
  readonly store: Pick<Store, "cluster" | "lookup" | "write">;
  readonly access: Pick<Access, "findEnvironment">;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly ids: Ids;
  readonly random: Random;
  /** What cookies are signed with is derived from its keys. */
  readonly keyring: Pick<Keyring, "derive" | "sealingKeyId">;
  readonly observer: Pick<Observer, "entered" | "entryRefused" | "ownerInvited" | "signInNoted" | "faulted">;
  readonly publicUrl: string;
  /** Whether anybody may sign up. */
  readonly isSignUpOpen: boolean;
  /** Default: real ones. */
  readonly passwords?: Passwords;
};

/** Tries to come in, per minute and node. */
const triesPerMinute = { byAddress: 30, byEmail: 10 } as const;

const secretsOf = (keyring: Pick<Keyring, "derive">): readonly [string, ...string[]] => {
  const [first, ...rest] = keyring.derive("session cookies").map((secret) => secret.toString("base64url"));
  if (first === undefined) throw new Error("a keyring has a key");
  return [first, ...rest];
};

/**
 * Opens better-auth when it is needed: it takes a quarter of a second and 24 MB, and commands do without. A rotation of keys makes
 * another one, which signs with the new key.
 */
const createOpener = (parts: AccountsParts, passwords: Passwords): (() => Promise<BetterAuth>) => {
  const { keyring, store, ids, publicUrl, observer } = parts;
  const tables = singly(store);
  let open: { readonly keyId: string; readonly betterAuth: Promise<BetterAuth> } | null = null;
  const load = async (): Promise<BetterAuth> => {
    const { createBetterAuth } = await import("./_better-auth.ts");
    const [secret] = secretsOf(keyring);
    return createBetterAuth({ tables, secret, publicUrl, passwords, ids, onLog: signInRemarks(observer) });
  };
  return () => {
    const keyId = keyring.sealingKeyId;
    if (open?.keyId !== keyId) open = { keyId, betterAuth: load() };
    return open.betterAuth;
  };
};

/** Opens the room. */
export const openAccounts = (parts: AccountsParts): Accounts => {
  const { store, access, clock, ids, random, keyring, observer, isSignUpOpen } = parts;
  const passwords = parts.passwords ?? createPasswords(random);
  const betterAuth = createOpener(parts, passwords);
  const tries = {
    byAddress: createRateLimit(triesPerMinute.byAddress, clock),
    byEmail: createRateLimit(triesPerMinute.byEmail, clock),
  };
  const entry: EntryParts = { store, clock, ids, passwords, tries, observer, betterAuth };
  const tokenIn = (header: string | undefined): string | null => readSessionToken(header, secretsOf(keyring));
  const signed = (token: string): string => sessionCookieHeader(token, secretsOf(keyring)[0]);
  const find = async (header: string | undefined, nowMs: number): Promise<FoundSession | null> => {
    const token = tokenIn(header);
    return token === null ? null : findSession({ store, access }, token, nowMs);
  };
  return {
    signIn: (credentials, client) => signIn(entry, credentials, client),
    signUp: (registration, client) => signUp({ ...entry, isOpen: isSignUpOpen }, registration, client),
    acceptInvitation: (acceptance, client) => acceptInvitation(entry, acceptance, client),
    authenticate: async (header, nowMs) => (await find(header, nowMs))?.principal ?? null,
    readSession: async (header, nowMs) => {
      const token = tokenIn(header);
      const found = await find(header, nowMs);
      if (token === null || found === null) return null;
      const prolonged = await (await betterAuth()).prolong(signed(token));
      const user = await findUser(store, found.principal.userId);
      return prolonged === null || user === null ? null : { ...found, user, cookies: prolonged.cookies };
    },
    chooseTeam: async (header, teamId, nowMs) => {
      const token = tokenIn(header);
      const found = await find(header, nowMs);
      if (token === null || found?.memberships.some((each) => each.teamId === teamId) !== true) return false;
      await chooseTeam(store, token, teamId);
      return true;
    },
    signOut: async (header) => {
      const token = tokenIn(header);
      // better-auth would say that it is over although the store could not be written.
      if (token !== null) await endSession(store, token);
      return (await betterAuth()).signOut(token === null ? "" : signed(token));
    },
    inviteOwner: async (team) => {
      const invited = await inviteOwner({ store, clock, ids, random }, team);
      observer.ownerInvited(invited);
      return invited;
    },
    warmUp: async () => {
      await betterAuth();
    },
    close: () => passwords.close(),
  };
};
