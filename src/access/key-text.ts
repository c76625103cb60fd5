import { createHash } from "node:crypto";

import type { Random } from "../lib/random.ts";

/** How a key looks: as the Krafter API writes them, or as hookstream does, for real traffic and for tests. All count alike. */
export type KeyForm = "kr_live" | "hs_live" | "hs_test";

/** 32 random bytes are 43 characters of base64url, or 64 of hex. */
const keyBytes = 32;
const keyPattern = /^(?:kr_live_[A-Za-z0-9_-]{43}|hs_(?:live|test)_[0-9a-f]{64})$/;
const keyPrefixChars = 12;

/** `Bearer`, spaces and a key; anything longer holds no key of ours. */
const authorizationCharsMax = 200;

/** A new key. It is shown once: the store keeps its hash. */
export const newKeyText = (random: Pick<Random, "bytes">, form: KeyForm = "kr_live"): string =>
  `${form}_${random.bytes(keyBytes).toString(form === "kr_live" ? "base64url" : "hex")}`;

/** Whether this has the form of a key. */
export const isKeyText = (text: string): boolean => keyPattern.test(text);

/** The part of a key by which people recognise it. */
export const keyPrefixOf = (key: string): string => key.slice(0, keyPrefixChars);

/**
 * What a key is found by. A plain SHA-256 is enough for 256 random bits, and nothing about a key can be learnt from how
 * long a search for its hash takes, so the search itself need not be constant in time.
 */
export const hashKeyText = (key: string): Buffer => createHash("sha256").update(key).digest();

/** The key in an `Authorization: Bearer …` header, or null when there is none that could be one. */
export const readBearer = (authorization: string | undefined): string | null => {
  if (authorization === undefined || authorization.length > authorizationCharsMax) return null;
  const [, key] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  return key !== undefined && isKeyText(key) ? key : null;
};
