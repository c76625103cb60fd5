import { findHeader, type Headers } from "../lib/headers.ts";
import { isSameSecret } from "./_constant-time.ts";
import { soleHeaderRefusal } from "./_sole-header.ts";
import type { BasicScheme, BearerScheme, TokenScheme } from "./scheme.ts";
import { accepted, type Refusal, refused, type Verdict } from "./verdict.ts";

type SharedSecretScheme = TokenScheme | BearerScheme | BasicScheme;
type Presented = { refusal: Refusal } | { credential: Uint8Array };

const bearerPattern = /^bearer +(\S+)$/i;
const basicPattern = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

const fromHeader = (headers: Headers, name: string, pattern: RegExp): Presented => {
  const refusal = soleHeaderRefusal(headers, name);
  if (refusal !== null) return { refusal };
  const [, credential] = pattern.exec(findHeader(headers, name) ?? "") ?? [];
  return credential === undefined ? { refusal: "malformed" } : { credential: Buffer.from(credential, "latin1") };
};

const fromQuery = (query: string, name: string): Presented => {
  const [value = "", ...repeats] = new URLSearchParams(query).getAll(name);
  if (repeats.length > 0) return { refusal: "malformed" };
  return value === "" ? { refusal: "missing_header" } : { credential: Buffer.from(value, "utf8") };
};

const presentedBy = (scheme: SharedSecretScheme, headers: Headers, query: string): Presented => {
  switch (scheme.kind) {
    case "token":
      return scheme.place.in === "header"
        ? fromHeader(headers, scheme.place.name, /^(.*)$/s)
        : fromQuery(query, scheme.place.name);
    case "bearer":
      return fromHeader(headers, "authorization", bearerPattern);
    case "basic":
      return fromHeader(headers, "authorization", basicPattern);
  }
};

/** What a genuine request presents. Basic credentials are compared in base64, of which each text has only one. */
const expectedOf = (scheme: SharedSecretScheme, secret: string): Buffer => {
  const bytes = Buffer.from(secret, "utf8");
  return scheme.kind === "basic" ? Buffer.from(bytes.toString("base64"), "latin1") : bytes;
};

/** Verifies a secret that the sender presents as it is. `query` is the raw query string, without `?`. */
export const verifySharedSecret = (
  scheme: SharedSecretScheme,
  { headers, query, secrets }: { headers: Headers; query: string; secrets: readonly string[] },
): Verdict => {
  const presented = presentedBy(scheme, headers, query);
  if ("refusal" in presented) return refused(presented.refusal);
  const isGenuine = secrets.some((secret) => isSameSecret(presented.credential, expectedOf(scheme, secret)));
  return isGenuine ? accepted : refused("mismatch");
};
