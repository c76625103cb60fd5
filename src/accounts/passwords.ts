import { scrypt, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";

import type { Random } from "../lib/random.ts";

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

/** Makes and checks what is kept of passwords. */
export type Passwords = {
  /** @throws {PasswordBusyError} */
  hash(password: string): Promise<string>;
  /** @throws {PasswordBusyError} */
  verify(candidate: { hash: string; password: string }): Promise<boolean>;
};

/**
 * scrypt with 2^14 blocks of 2 KiB: 32 MiB and some 60 ms of a processor (RFC 7914). Each is kept with its own figures, so that these
 * can grow.
 */
const cost = { N: 16_384, r: 16, p: 1 } as const;
const costMax = { N: 2 ** 17, r: 32, p: 8 } as const;
const saltBytes = 16;
const hashBytes = 64;

/** Hashes that may wait for their turn, per one that runs: about a second of waiting. */
const waitingPerTurn = 12;
const retryAfterSeconds = 2;

const hashPattern = /^scrypt:(\d{1,6}):(\d{1,2}):(\d):([\w-]{22}):([\w-]{86})$/;

type Cost = { readonly N: number; readonly r: number; readonly p: number };

/** On the thread pool of the runtime: the event loop goes on meanwhile. */
const derive = (password: string, salt: Buffer, { N, r, p }: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: 256 * N * r };
    // What looks the same is the same, whatever keyboard it was typed on (NIST SP 800-63B, section 3.1.1.2).
    scrypt(password.normalize("NFKC"), salt, hashBytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });

const format = ({ N, r, p }: Cost, salt: Buffer, key: Buffer): string =>
  `scrypt:${N}:${r}:${p}:${salt.toString("base64url")}:${key.toString("base64url")}`;

const matches = async (hash: string, password: string): Promise<boolean> => {
  const [, N = "", r = "", p = "", salt = "", key = ""] = hashPattern.exec(hash) ?? [];
  const own = { N: Number(N), r: Number(r), p: Number(p) };
  if (salt === "" || own.N > costMax.N || own.r > costMax.r || own.p > costMax.p) return false;
  const derived = await derive(password, Buffer.from(salt, "base64url"), own);
  return timingSafeEqual(derived, Buffer.from(key, "base64url"));
};

/** Half of the processors: events go on while many sign in. The pool has four threads, of which others need some. */
const turnsDefault = Math.min(2, Math.max(1, Math.floor(availableParallelism() / 2)));

/** How many run at once, and how many may wait for that. */
export type PasswordBounds = { readonly turns: number; readonly waitingMax: number };

/** Hashes so many passwords at once, the rest in order; above what may wait, nobody waits in vain. */
export const createPasswords = (
  random: Pick<Random, "bytes">,
  { turns, waitingMax }: PasswordBounds = { turns: turnsDefault, waitingMax: turnsDefault * waitingPerTurn },
): Passwords => {
  const waiting: (() => void)[] = [];
  let running = 0;

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < turns) running += 1;
    else {
      if (waiting.length >= waitingMax) throw new PasswordBusyError(retryAfterSeconds);
      // Whoever ends hands the turn straight on.
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };

  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = random.bytes(saltBytes);
        return format(cost, salt, await derive(password, salt, cost));
      }),
    verify: ({ hash, password }) => inTurn(() => matches(hash, password)),
  };
};
