import { type BetterAuthOptions, betterAuth } from "better-auth";
import { createAuthEndpoint, isAPIError } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import type { Kysely } from "kysely";
import { z } from "zod";

import { StoreError } from "../db/store-error.ts";
import type { Ids } from "../lib/ids.ts";
import type { Passwords } from "./passwords.ts";

/** What it needs of us. */
export type BetterAuthParts = {
  readonly tables: Kysely<unknown>;
  /** Signs cookies. At least 32 characters. */
  readonly secret: string;
  /** Where browsers know the gateway. https makes cookies `secure`. */
  readonly publicUrl: string;
  readonly passwords: Passwords;
  readonly ids: Ids;
  readonly onLog: (line: {
    level: "debug" | "info" | "warn" | "error";
    message: string;
    details: readonly unknown[];
  }) => void;
};

/** Who asks, as far as their request tells. It is kept with the session, so that people know their own. */
export type Client = { readonly address: string | null; readonly userAgent: string | null };

/** A session that was opened, or goes on, and the `Set-Cookie` headers that go with it. */
export type OpenedSession = { readonly userId: string; readonly cookies: readonly string[] };

/** The part of better-auth that is used. All of it throws `StoreError` and `PasswordBusyError` as well. */
export type BetterAuth = {
  /** Null: there is nobody with this address and password, which takes as long to find out. */
  signIn(credentials: { email: string; password: string }, client: Client): Promise<OpenedSession | null>;
  /** For somebody who was let in otherwise. Null: there is no such user. */
  openSession(userId: string, client: Client): Promise<OpenedSession | null>;
  /** Prolongs a session that is used a day after it was last prolonged. Null: it is over. */
  prolong(cookieHeader: string): Promise<OpenedSession | null>;
  /** Ends the session. Gives the cookies that take it from the browser. */
  signOut(cookieHeader: string): Promise<readonly string[]>;
};

/** Tells it an address, in place of a proxy. */
const addressHeader = "x-sender-address";

/** Seconds that a session lasts, and after which one that is used is prolonged. */
const lasting = { expiresIn: 7 * 24 * 60 * 60, updateAge: 24 * 60 * 60 };

/** Where its own routes would be. We call its functions, so nothing else of it can be reached. */
const basePath = "/v1/auth";

const times = { createdAt: "created_at", updatedAt: "updated_at" };

/** Its tables and columns under our names. */
const schema = {
  user: { modelName: "users", fields: { ...times, emailVerified: "email_verified" } },
  session: {
    modelName: "sessions",
    fields: { ...times, userId: "user_id", expiresAt: "expires_at", ipAddress: "ip_address", userAgent: "user_agent" },
  },
  account: {
    modelName: "credentials",
    fields: {
      ...times,
      userId: "user_id",
      accountId: "account_id",
      providerId: "provider_id",
      accessToken: "access_token",
      refreshToken: "refresh_token",
      idToken: "id_token",
      accessTokenExpiresAt: "access_token_expires_at",
      refreshTokenExpiresAt: "refresh_token_expires_at",
    },
  },
};

/** What it knows no endpoint for: a session for somebody who was let in otherwise, by an invitation say. */
const openSession = createAuthEndpoint(
  "/open-session",
  { method: "POST", body: z.object({ userId: z.string() }), requireHeaders: true },
  async (ctx) => {
    const { internalAdapter } = ctx.context;
    const user = await internalAdapter.findUserById(ctx.body.userId);
    if (user === null) return null;
    await setSessionCookie(ctx, { session: await internalAdapter.createSession(user.id), user });
    return { user };
  },
);

const optionsOf = ({ tables, secret, publicUrl, passwords, ids, onLog }: BetterAuthParts) =>
  ({
    appName: "Postern",
    baseURL: publicUrl,
    basePath,
    // Otherwise variables of the environment would count.
    secrets: [{ version: 1, value: secret }],
    // One kind of words for both engines: flags are 0 and 1, times are text.
    database: { db: tables, type: "sqlite", transaction: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      password: { hash: passwords.hash, verify: passwords.verify },
    },
    plugins: [{ id: "postern", endpoints: { openSession } }],
    ...schema,
    session: { ...schema.session, ...lasting },
    advanced: {
      // The name of the cookie belongs to the contract; https is told by the attribute alone.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: publicUrl.startsWith("https:"), sameSite: "lax" },
      database: { generateId: () => ids.next(), validateSchema: false },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: {
      level: "warn",
      disableColors: true,
      log: (level, message, ...details) => onLog({ level, message, details }),
    },
  }) satisfies BetterAuthOptions;

const headersOf = ({ address, userAgent }: Client): Headers => {
  const headers = new Headers();
  if (address !== null) headers.set(addressHeader, address);
  if (userAgent !== null) headers.set("user-agent", userAgent);
  return headers;
};

const opened = (answer: {
  headers?: Headers | null;
  response: { user: { id: string } } | null;
}): OpenedSession | null =>
  answer.response === null ? null : { userId: answer.response.user.id, cookies: answer.headers?.getSetCookie() ?? [] };

/** better-auth with what is ours in it. Its own router, and what else it could do, is never called. */
export const createBetterAuth = (parts: BetterAuthParts): BetterAuth => {
  const { api } = betterAuth(optionsOf(parts));
  return {
    signIn: async (body, client) => {
      try {
        return opened(await api.signInEmail({ body, headers: headersOf(client), returnHeaders: true }));
      } catch (error) {
        // Unknown, wrong, or no address at all: all alike.
        if (isAPIError(error) && error.statusCode < 500) return null;
        throw error;
      }
    },
    openSession: async (userId, client) =>
      opened(await api.openSession({ body: { userId }, headers: headersOf(client), returnHeaders: true })),
    prolong: async (cookie) => {
      try {
        return opened(await api.getSession({ headers: new Headers({ cookie }), returnHeaders: true }));
      } catch (cause) {
        // It hides whatever the store said behind an answer of its own.
        throw isAPIError(cause) ? new StoreError("unavailable", "the session could not be read", { cause }) : cause;
      }
    },
    signOut: async (cookie) => {
      const { headers } = await api.signOut({ headers: new Headers({ cookie }), returnHeaders: true });
      return headers?.getSetCookie() ?? [];
    },
  };
};
