import { createHash, timingSafeEqual } from "node:crypto";

import type { Random } from "../lib/random.ts";
import type { SourceDraft } from "./decide-source.ts";
import { plainSettings, type Source } from "./source.ts";

/** How long a test session lives, and how many events it takes. */
export const sessionMs: number = 14 * 24 * 60 * 60 * 1_000;
export const sessionRequestsMax: number = 2_000;

/** Test sessions at one time: the events of all of them have to fit on the disk. */
export const sessionsMax: number = 1_000;

/** What a stranger's session takes of others: bodies of this size, and so many in a minute. */
const bodyBytesMax = 65_536;
const ratePerMinute = 120;

/** Outlives the session: what it holds goes when that does. */
const retentionDays = 15;

const tokenBytes = 32;
const tokenPrefix = "hs_session_";

/** What the maker of a session shows to read, change and delete it. Known to nobody else: the store has its hash. */
export const newSessionToken = (random: Pick<Random, "bytes">): string =>
  `${tokenPrefix}${random.bytes(tokenBytes).toString("base64url")}`;

/** A plain SHA-256 is enough for 256 random bits. */
const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Whether `token` is the one that was given out with this session. */
export const opensSession = ({ sessionTokenHash }: Pick<Source, "sessionTokenHash">, token: string): boolean =>
  sessionTokenHash !== null && timingSafeEqual(sessionTokenHash, hashToken(token));

/** The source of a new session. It verifies nothing, and goes after two weeks. */
export const sessionDraft = (token: string, nowMs: number): SourceDraft => ({
  ...plainSettings,
  kind: "webhook",
  dialect: "hookstream",
  name: "Test session",
  provider: "generic",
  signingSecret: null,
  signingAlgorithm: null,
  signingHeader: null,
  eventTypeSource: null,
  eventTypePath: null,
  requireSignature: false,
  status: "active",
  isEphemeral: true,
  expiresAtMs: nowMs + sessionMs,
  requestLimit: sessionRequestsMax,
  sessionTokenHash: hashToken(token),
  retentionDays,
  bodyLimitBytes: bodyBytesMax,
  rateLimitPerMinute: ratePerMinute,
});

/** What a session does not have once it is somebody's source. */
export const claimedSettings: Pick<
  Source,
  | "isEphemeral"
  | "expiresAtMs"
  | "requestLimit"
  | "sessionTokenHash"
  | "sessionResponse"
  | "retentionDays"
  | "bodyLimitBytes"
  | "rateLimitPerMinute"
> = {
  isEphemeral: false,
  expiresAtMs: null,
  requestLimit: null,
  sessionTokenHash: null,
  sessionResponse: null,
  retentionDays: 30,
  bodyLimitBytes: null,
  rateLimitPerMinute: null,
};
