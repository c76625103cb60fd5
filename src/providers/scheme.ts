/** The hash inside an HMAC. SHA-1 is sound here: an HMAC does not rest on collision resistance (RFC 6151). */
export type HmacAlgorithm = "sha1" | "sha256" | "sha512";

/**
 * One piece of what is signed, in order. `timestamp` is the text that the sender gave, digit for digit. `url` is the whole
 * URL that the sender called; `url_unescaped` has some of its escapes undone (`unescapeUrl`). `form` is what the fields of a
 * form say, or the digest of any other body (`_form-content.ts`). `body_but_words` is a body that is not one word: words are
 * signed for whoever asks for a handshake (`_challenge-word.ts`), so nothing is valid whose body is one.
 */
export type SignedPart =
  | "body"
  | "body_but_words"
  | "timestamp"
  | "method"
  | "url"
  | "url_unescaped"
  | "form"
  | { text: string }
  | { header: string };

/** How the signature's header holds it. */
export type SignatureForm =
  /** The whole value is `prefix` and the signature; an optional prefix may be missing. */
  | { kind: "plain"; prefix: string; optional?: true }
  /** A list such as `t=1,v1=ab,v1=cd`: every entry named `key` is tried, others are ignored. */
  | { kind: "list"; separator: "," | ";" | " "; assign: "=" | ","; key: string };

/** How a time is written: as Unix time, or as in ISO 8601. */
export type TimeFormat = "seconds" | "milliseconds" | "iso";

/** The time of signing. It must be among the signed parts, or it proves nothing. */
export type SignedTime = {
  /** Default: `seconds`. */
  format?: TimeFormat;
  /** A header of its own, or an entry of the signature's list. */
  place: { in: "header"; name: string } | { in: "list"; key: string };
  /** The greatest age that is accepted, in seconds; 0 accepts any. */
  toleranceSeconds: number;
  /** What happens to times further ahead than the tolerance: what the sender's own library does. */
  future: "accepted" | "refused";
};

/** A keyed hash over parts of the request. */
export type HmacScheme = {
  kind: "hmac";
  algorithm: HmacAlgorithm;
  /** Hex is lower case; base64 is the standard alphabet with padding. Nothing else is accepted. */
  encoding: "hex" | "base64" | "either";
  /** The signature's header. */
  header: string;
  form: SignatureForm;
  timestamp: SignedTime | null;
  signed: readonly SignedPart[];
  /** Whether the URL is signed as it is configured, or may have a port more or less (`_url-port.ts`). Default: `exact`. */
  port?: "exact" | "any";
  /** What the key is: the secret's text (default), or what Standard Webhooks makes of it. */
  key?: "text" | "standard_webhooks";
};

/**
 * Standard Webhooks with symmetric keys: `<prefix>-id`, `<prefix>-timestamp`, `<prefix>-signature`. With `svix`, the names
 * of the specification are read where those of Svix are not there.
 */
export type StandardWebhooksScheme = { kind: "standard_webhooks"; prefix: "webhook" | "svix" };

/**
 * A signature with a private key that only the sender has. The source's secret is the public key: for `ed25519` 32 bytes
 * in hex, for `ecdsa_p256` (with SHA-256, signatures in DER) an SPKI in base64, with or without PEM's first and last line.
 */
export type PublicKeyScheme = {
  kind: "public_key";
  algorithm: "ed25519" | "ecdsa_p256";
  encoding: "hex" | "base64";
  /** The header that holds the signature and nothing else. */
  header: string;
  /** The header that holds the time. */
  timestampHeader: string;
  /** The greatest age that is accepted, in seconds. Default: 0, which accepts any. */
  toleranceSeconds?: number;
  signed: readonly SignedPart[];
};

/**
 * An HMAC-SHA256 in lower-case hex that stands in the JSON body beside what it signs: the texts at `signedPaths`, one after
 * the other. The rest of the body is not signed.
 */
export type BodyProofScheme = { kind: "body_proof"; signaturePath: string; signedPaths: readonly string[] };

/** The secret itself, sent in a header or in the query. */
export type TokenScheme = { kind: "token"; place: { in: "header" | "query"; name: string } };

/** `Authorization: Bearer <secret>`. */
export type BearerScheme = { kind: "bearer" };

/** `Authorization: Basic <base64 of the secret>`; the secret is `user:password`. */
export type BasicScheme = { kind: "basic" };

/** A JSON Web Token that is signed with the secret (HS256, HS384 or HS512), alone or after `Bearer`. Null: any. */
export type JwtScheme = { kind: "jwt"; header: string; issuer: string | null; audience: string | null };

/** Nothing says how to verify: no request is valid. */
export type UnverifiableScheme = { kind: "unverifiable" };

/** How a sender proves that a request is its own. Header and entry names are lower case. */
export type Scheme =
  | HmacScheme
  | StandardWebhooksScheme
  | PublicKeyScheme
  | BodyProofScheme
  | TokenScheme
  | BearerScheme
  | BasicScheme
  | JwtScheme
  | UnverifiableScheme;
