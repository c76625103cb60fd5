import { createHmac } from "node:crypto";

/** What a Standard Webhooks signature covers. */
export type StandardWebhooksMessage = {
  /** Stable per message: receivers drop repeats by it. */
  id: string;
  /** Unix seconds, as the header shows them. */
  timestamp: string;
  body: Uint8Array;
};

const secretPrefix = "whsec_";

/** Below 128 bits, text that happens to be base64 is taken for what it is: a passphrase. */
const keyBytesMin = 16;

const decodeKey = (base64: string): Buffer | null => {
  const key = Buffer.from(base64, "base64");
  // Node's decoder skips what it does not know; only text that it would write itself counts as base64.
  return key.length >= keyBytesMin && key.toString("base64") === base64 ? key : null;
};

/**
 * The key of a secret: the base64 after `whsec_` when it decodes strictly to 16 bytes or more, else the secret's text.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#symmetric
 */
export const standardWebhooksKey = (secret: string): Buffer => {
  const decoded = secret.startsWith(secretPrefix) ? decodeKey(secret.slice(secretPrefix.length)) : null;
  return decoded ?? Buffer.from(secret, "utf8");
};

/**
 * Every key that a sender may mean by a secret, the likeliest first. Senders' libraries decode a secret that lost its
 * `whsec_` on the way here as base64, too.
 */
export const standardWebhooksKeys = (secret: string): readonly [Buffer, ...Buffer[]] => {
  const bare = secret.startsWith(secretPrefix) ? null : decodeKey(secret);
  const key = standardWebhooksKey(secret);
  return bare === null ? [key] : [bare, key];
};

/** One entry of the signature header: `v1,<base64 HMAC-SHA256 of id.timestamp.body>`. */
export const standardWebhooksSignature = (key: Buffer, { id, timestamp, body }: StandardWebhooksMessage): string => {
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return `v1,${mac}`;
};
