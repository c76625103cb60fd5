import { createHmac } from "node:crypto";

import type { Headers } from "../lib/headers.ts";

/** How a body is signed in a header of the receiver's choice. */
export type BodySigning = {
  readonly secret: string;
  readonly algorithm: "sha256" | "sha1";
  readonly header: string;
  /** Stands before the digest, which is in hex. */
  readonly prefix: string;
  /** Whether `<Unix seconds>.<body>` is signed, and the time is sent in `timestampHeader`. */
  readonly includeTimestamp: boolean;
  readonly timestampHeader: string;
};

/** The header of a signature, and that of its time. The key is the secret's text. */
export const signBody = (signing: BodySigning, body: Uint8Array, nowMs: number): Headers => {
  const mac = createHmac(signing.algorithm, signing.secret);
  const timestamp = String(Math.floor(nowMs / 1000));
  if (signing.includeTimestamp) mac.update(`${timestamp}.`);
  const signature = signing.prefix + mac.update(body).digest("hex");
  const header = [signing.header.toLowerCase(), signature] as const;
  return signing.includeTimestamp ? [[signing.timestampHeader.toLowerCase(), timestamp], header] : [header];
};
