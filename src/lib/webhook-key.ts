const secretPrefix = "whsec_";

/** Below 128 bits, text that happens to be base64 is taken for what it is: a passphrase. */
const keyBytesMin = 16;

const decodeKey = (base64: string): Buffer | null => {
  const key = Buffer.from(base64, "base64");
  // Node's decoder skips what it does not know; only text that it would write itself counts as base64.
  return key.length >= keyBytesMin && key.toString("base64") === base64 ? key : null;
};

/**
 * The key of a Standard Webhooks secret: the base64 after `whsec_` when it decodes strictly to 16 bytes or more, else
 * the secret's text.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const webhookKey = (secret: string): Buffer => {
  const decoded = secret.startsWith(secretPrefix) ? decodeKey(secret.slice(secretPrefix.length)) : null;
  return decoded ?? Buffer.from(secret, "utf8");
};

/**
 * Every key that a *sender* may mean by a secret, the likeliest first: senders' libraries decode a secret without
 * `whsec_` as base64, too.
 */
export const webhookKeysOfSender = (secret: string): readonly [Buffer, ...Buffer[]] => {
  const bare = secret.startsWith(secretPrefix) ? null : decodeKey(secret);
  return bare === null ? [webhookKey(secret)] : [bare, webhookKey(secret)];
};
