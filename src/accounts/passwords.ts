import { timingSafeEqual } from "node:crypto";

import type { Random } from "../lib/random.ts";
import { type Cost, createHasher } from "./hasher.ts";

/** More want a password hashed than can wait. */
export class PasswordBusyError extends Error {
  override readonly name = "PasswordBusyError";
  readonly code = "password_busy";
  /** When it is worth trying again. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`too many passwords are being checked; try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Makes and checks what is kept of passwords. All of it throws `PasswordBusyError` and `HashError`. */
export type Passwords = {
  hash(password: string): Promise<string>;
  verify(candidate: { hash: string; password: string }): Promise<boolean>;
  close(): Promise<void>;
};

/**
 * 2^14 blocks of 2 KiB: 32 MiB, and some 60 ms of a processor. Each hash is kept with its own figures, so that these can grow.
 */
const cost: Cost = { N: 16_384, r: 16, p: 1 };
const costMax: Cost = { N: 2 ** 17, r: 32, p: 8 };
const saltBytes = 16;
const hashBytes = 64;

/** Passwords that wait or are being hashed, at most: half a second of work, and on a busy machine some seconds. */
const waitingMaxDefault = 8;
const retryAfterSeconds = 2;

const hashPattern = /^scrypt:(\d{1,6}):(\d{1,2}):(\d):([\w-]{22}):([\w-]{86})$/;

const format = ({ N, r, p }: Cost, salt: Buffer, key: Buffer): string =>
  `scrypt:${N}:${r}:${p}:${salt.toString("base64url")}:${key.toString("base64url")}`;

/** Null: no hash of ours, or one that would cost too much. */
const parse = (hash: string): { readonly cost: Cost; readonly salt: Buffer; readonly key: Buffer } | null => {
  const [, N = "", r = "", p = "", salt = "", key = ""] = hashPattern.exec(hash) ?? [];
  const own: Cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (salt === "" || own.N > costMax.N || own.r > costMax.r || own.p > costMax.p) return null;
  return { cost: own, salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url") };
};

/** What looks the same is the same, whatever keyboard it was typed on (NIST SP 800-63B, section 3.1.1.2). */
const normal = (password: string): string => password.normalize("NFKC");

/** Hashes passwords one after the other. Above what may wait, nobody waits in vain. */
export const createPasswords = (
  random: Pick<Random, "bytes">,
  { waitingMax = waitingMaxDefault }: { readonly waitingMax?: number } = {},
): Passwords => {
  const hasher = createHasher();
  let waiting = 0;

  const derive = async (password: string, salt: Buffer, by: Cost): Promise<Buffer> => {
    if (waiting >= waitingMax) throw new PasswordBusyError(retryAfterSeconds);
    waiting += 1;
    try {
      return await hasher.hash({ password: normal(password), salt, cost: by, bytes: hashBytes });
    } finally {
      waiting -= 1;
    }
  };

  return {
    hash: async (password) => {
      const salt = random.bytes(saltBytes);
      return format(cost, salt, await derive(password, salt, cost));
    },
    verify: async ({ hash, password }) => {
      const kept = parse(hash);
      return kept !== null && timingSafeEqual(await derive(password, kept.salt, kept.cost), kept.key);
    },
    close: () => hasher.close(),
  };
};
