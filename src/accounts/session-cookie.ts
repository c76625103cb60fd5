import { createHmac, timingSafeEqual } from "node:crypto";

/** The cookie of a session, under http and https alike. */
export const sessionCookieName = "better-auth.session_token";

/** What better-auth calls it under https unless it is told otherwise: older sign-ins, and proxies that add it, bring it. */
const names = [sessionCookieName, `__Secure-${sessionCookieName}`] as const;

/** Cookies of the name that are looked at: whoever can set one for a sibling host can set several. */
const candidatesMax = 8;
const valueCharsMax = 400;

/** `token.signature`, the signature 32 bytes of base64. */
const valuePattern = /^([\w-]{16,128})\.([A-Za-z0-9+/]{43}=)$/;

const sign = (token: string, secret: string): Buffer => createHmac("sha256", secret).update(token).digest();

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
};

/** The values of all cookies with these names, those of the first name first. */
const valuesIn = (header: string): readonly string[] => {
  const pairs = header.split(";").map((pair) => pair.trim());
  return names.flatMap((name) =>
    pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1)),
  );
};

const isSignedBy = (token: string, signature: Buffer, secrets: readonly string[]): boolean =>
  secrets.some((secret) => timingSafeEqual(sign(token, secret), signature));

/**
 * The token of a session in a `Cookie` header, when it is signed with one of these secrets. Null: there is none. That it is signed
 * says that we gave it out, not that the session still is.
 */
export const readSessionToken = (header: string | undefined, secrets: readonly string[]): string | null => {
  if (header === undefined) return null;
  for (const value of valuesIn(header).slice(0, candidatesMax)) {
    if (value.length > valueCharsMax) continue;
    const [, token, signature] = valuePattern.exec(decoded(value)) ?? [];
    if (token === undefined || signature === undefined) continue;
    if (isSignedBy(token, Buffer.from(signature, "base64"), secrets)) return token;
  }
  return null;
};

/** A `Cookie` header with nothing but a session's token, as better-auth signs it. */
export const sessionCookieHeader = (token: string, secret: string): string =>
  `${sessionCookieName}=${encodeURIComponent(`${token}.${sign(token, secret).toString("base64")}`)}`;
