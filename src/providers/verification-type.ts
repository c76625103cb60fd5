/** How a proof is made. */
export type VerificationType =
  | "hmac_sha256"
  | "hmac_sha1"
  | "hmac_sha512"
  | "standard_webhooks"
  | "ed25519"
  | "ecdsa_p256"
  | "basic"
  | "bearer"
  | "jwt"
  | "token";

/** Every type, as it is documented. */
export const verificationTypes: readonly VerificationType[] = [
  "hmac_sha256",
  "hmac_sha1",
  "hmac_sha512",
  "standard_webhooks",
  "ed25519",
  "ecdsa_p256",
  "basic",
  "bearer",
  "jwt",
  "token",
];

/** How a source says that its sender signs. Null: what the preset says, or the default of the type. */
export type OwnVerification = {
  /** One of `verificationTypes`, with `-` or `_`. */
  readonly type: string | null;
  /** The header that carries the signature or the credential. */
  readonly header: string | null;
  /** JSON text of a `VerificationConfig`. */
  readonly config: string | null;
};
