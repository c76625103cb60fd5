import { createHmac } from "node:crypto";

/** The value of `x-krafter-signature`: the key is the secret's text, `whsec_` included. */
export const krafterSignature = (secret: string, body: Uint8Array): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
