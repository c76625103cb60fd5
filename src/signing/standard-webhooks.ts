import { createHmac } from "node:crypto";

import { webhookKey } from "../lib/webhook-key.ts";

/** What a signature covers. `id` is stable per message; `timestamp` is in Unix seconds. */
export type StandardWebhooksMessage = { id: string; timestamp: number; body: Uint8Array };

/**
 * The value of `webhook-signature`: one `v1,<base64>` per secret, separated by spaces, so that receivers with the old
 * and with the new secret both find theirs during a rotation.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooksSignature = (
  secrets: readonly string[],
  { id, timestamp, body }: StandardWebhooksMessage,
): string =>
  secrets
    .map((secret) => {
      const mac = createHmac("sha256", webhookKey(secret)).update(`${id}.${timestamp}.`).update(body);
      return `v1,${mac.digest("base64")}`;
    })
    .join(" ");
