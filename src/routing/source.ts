import type { Id } from "../lib/ids.ts";

/** What a source is for: people's webhooks, or events that the gateway itself makes. Only the first are ever listed. */
export type SourceKind = "webhook" | "push" | "operator";

/** Which API made an object, and so whose defaults it has. */
export type Dialect = "krafter" | "hookstream";

/** Where a generic source's event type is read. */
export type EventTypeSource = "body" | "header";

/** Digests that a generic source may be signed with. */
export type SigningAlgorithm = "sha1" | "sha256" | "sha512";

/** How a source's events come: as requests, or over a connection that stays open. */
export type Transport = "http" | "websocket";

/** `paused` stores what it receives and forwards nothing; `disabled` refuses it. */
export type SourceStatus = "active" | "paused" | "disabled";

/** How a source verifies, where that is not its preset's own way. All as it was sent. */
export type Verification = {
  readonly type: string | null;
  readonly header: string | null;
  /** JSON text. */
  readonly config: string | null;
};

/** What tells that two events are one: their bytes, a header, a value in the JSON body, or the provider's own id. */
export type DedupStrategy = "payload_hash" | "header_field" | "body_field" | "provider_id";

/** Whether repeats are recognised, and by what. */
export type Dedup = {
  readonly enabled: boolean;
  readonly strategy: DedupStrategy | null;
  /** The header's name, or a dot path into the JSON body. */
  readonly field: string | null;
  /** How long after an event another one of the same key is its repeat. */
  readonly windowSeconds: number;
};

/** What becomes of an event that does not fit its source's schema: it is refused, or stored with a mark. */
export type SchemaAction = "reject" | "warn";

/** What bodies must be like. */
export type SchemaRule = {
  readonly enabled: boolean;
  /** JSON text. */
  readonly json: string | null;
  /** Null acts as `reject`. */
  readonly action: SchemaAction | null;
};

/** What an ephemeral source's URL answers with, instead of the event's id. */
export type SessionResponse = { readonly status: number; readonly contentType: string; readonly body: string };

/** What a source's rules say of each request, before it is stored. */
export type SourceRules = {
  readonly dedup: Dedup;
  /** IPv4 and IPv6 addresses and ranges, as they were sent. Null: any address. */
  readonly ipAllowlist: readonly string[] | null;
  /** Counts before the other one. */
  readonly ipDenylist: readonly string[] | null;
  readonly schema: SchemaRule;
  /** Requests from then on are refused, Unix milliseconds. Null: never. */
  readonly expiresAtMs: number | null;
  /** Events that it takes in all. Null: no limit. */
  readonly requestLimit: number | null;
};

/** One origin of webhooks: a provider's account, and the URL that it posts to. */
export type Source = SourceRules & {
  readonly id: Id;
  readonly teamId: Id;
  readonly envId: Id;
  readonly kind: SourceKind;
  readonly dialect: Dialect;
  readonly name: string;
  /** Unique everywhere and immutable: the last part of the ingest URL. */
  readonly ingestSlug: string;
  /** Unique in the environment. */
  readonly slug: string;
  readonly description: string | null;
  /** The preset's name as whoever made the source called it. Null: it was not made from one. */
  readonly template: string | null;
  readonly transport: Transport;
  /** The name of the preset that verifies. */
  readonly provider: string;
  /** Null: as the preset says. */
  readonly verification: Verification | null;
  readonly signingSecretSet: boolean;
  readonly signingAlgorithm: SigningAlgorithm | null;
  readonly signingHeader: string | null;
  readonly eventTypeSource: EventTypeSource | null;
  readonly eventTypePath: string | null;
  /** Whether only validly signed events are forwarded. Without it, a source of hookstream's does not verify at all. */
  readonly requireSignature: boolean;
  readonly status: SourceStatus;
  /** Whether it goes by itself, with all that it holds, once it has expired. */
  readonly isEphemeral: boolean;
  /** SHA-256 of what its maker shows to change it without an account. Null: it has an owner. */
  readonly sessionTokenHash: Uint8Array | null;
  readonly sessionResponse: SessionResponse | null;
  readonly retentionDays: number;
  /** Largest body that is accepted. Null: the gateway's own limit. */
  readonly bodyLimitBytes: number | null;
  /** Events accepted per minute. Null: no limit. */
  readonly rateLimitPerMinute: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** The rules of a source that has none. */
export const noRules: SourceRules = {
  dedup: { enabled: false, strategy: null, field: null, windowSeconds: 300 },
  ipAllowlist: null,
  ipDenylist: null,
  schema: { enabled: false, json: null, action: null },
  expiresAtMs: null,
  requestLimit: null,
};

/** What a source has that was made as little more than a name and a provider. */
export const plainSettings: SourceRules &
  Pick<
    Source,
    "description" | "template" | "transport" | "verification" | "isEphemeral" | "sessionTokenHash" | "sessionResponse"
  > = {
  ...noRules,
  description: null,
  template: null,
  transport: "http",
  verification: null,
  isEphemeral: false,
  sessionTokenHash: null,
  sessionResponse: null,
};

/** Secrets as they lie in the store: the one that counts, and the one before it while it is still accepted. */
export type SealedSecrets = {
  readonly current: Uint8Array | null;
  readonly previous: Uint8Array | null;
  /** Until when the previous one counts. Null when there is none. */
  readonly previousUntilMs: number | null;
};

/** What lies sealed in a source's row. */
export type SealedSource = SealedSecrets & {
  /** What the provider is to be asked with: JSON text that may hold credentials. */
  readonly config: Uint8Array | null;
};
