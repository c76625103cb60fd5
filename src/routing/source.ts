import type { Id } from "../lib/ids.ts";

/** What a source is for: people's webhooks, or events that the gateway itself makes. Only the first are ever listed. */
export type SourceKind = "webhook" | "push" | "operator";

/** Which API made an object, and so whose defaults it has. */
export type Dialect = "krafter" | "hookstream";

/** Where a generic source's event type is read. */
export type EventTypeSource = "body" | "header";

/** Digests that a generic source may be signed with. */
export type SigningAlgorithm = "sha1" | "sha256" | "sha512";

/** One origin of webhooks: a provider's account, and the URL that it posts to. */
export type Source = {
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
  /** A preset's name. */
  readonly provider: string;
  readonly signingSecretSet: boolean;
  readonly signingAlgorithm: SigningAlgorithm | null;
  readonly signingHeader: string | null;
  readonly eventTypeSource: EventTypeSource | null;
  readonly eventTypePath: string | null;
  /** Whether only validly signed events are forwarded. */
  readonly requireSignature: boolean;
  /** A disabled source stores what it receives and forwards nothing. */
  readonly enabled: boolean;
  readonly retentionDays: number;
  /** Largest body that is accepted. Null: the gateway's own limit. */
  readonly bodyLimitBytes: number | null;
  /** Events accepted per minute. Null: no limit. */
  readonly rateLimitPerMinute: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** Secrets as they lie in the store: the one that counts, and the one before it while it is still accepted. */
export type SealedSecrets = {
  readonly current: Uint8Array | null;
  readonly previous: Uint8Array | null;
  /** Until when the previous one counts. Null when there is none. */
  readonly previousUntilMs: number | null;
};
