import { findHeader, type Headers } from "../lib/headers.ts";
import { isChallengeWord } from "./_challenge-word.ts";
import { formContent } from "./_form-content.ts";
import type { SignedPart } from "./scheme.ts";

/** What can be signed of a request. */
export type Message = {
  headers: Headers;
  body: Uint8Array;
  /** Default: `POST`. */
  method?: string | undefined;
  /** The whole URL that the sender called. Default: empty, which is the URL of no request. */
  url?: string | undefined;
};

/**
 * Undoes the escapes that HubSpot undoes before it signs: those of `:/?@!$'()*,;`.
 * https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
 */
export const unescapeUrl = (url: string): string =>
  url.replaceAll(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escape) => decodeURIComponent(escape));

const bytesOf = (part: SignedPart, message: Message, timestamp: string): Uint8Array | null => {
  const { url = "", method = "POST" } = message;
  if (typeof part === "object") {
    return "text" in part
      ? Buffer.from(part.text, "utf8")
      : Buffer.from(findHeader(message.headers, part.header) ?? "", "latin1");
  }
  switch (part) {
    case "body":
      return message.body;
    case "body_but_words":
      return isChallengeWord(Buffer.from(message.body).toString("latin1")) ? null : message.body;
    case "timestamp":
      return Buffer.from(timestamp, "latin1");
    case "method":
      return Buffer.from(method, "latin1");
    case "url":
      return Buffer.from(url, "latin1");
    case "url_unescaped":
      return Buffer.from(unescapeUrl(url), "latin1");
    case "form":
      return formContent(url, message.body);
  }
};

/** The bytes that are signed, in order; null when the request contradicts itself and no signature can make it genuine. */
export const signedContent = (
  signed: readonly SignedPart[],
  message: Message,
  timestamp: string,
): readonly Uint8Array[] | null => {
  const content: Uint8Array[] = [];
  for (const part of signed) {
    const bytes = bytesOf(part, message, timestamp);
    if (bytes === null) return null;
    content.push(bytes);
  }
  return content;
};

/** Headers that are signed, and so must be there once. */
export const signedHeaders = (signed: readonly SignedPart[]): readonly string[] =>
  signed.flatMap((part) => (typeof part === "object" && "header" in part ? [part.header] : []));

/** Whether a signature holds for another URL or method as well: a receiver has a URL of its own. */
export const holdsElsewhere = (signed: readonly SignedPart[]): boolean =>
  !signed.some((part) => part === "url" || part === "url_unescaped" || part === "method");
