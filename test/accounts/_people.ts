import { onTestFinished } from "vitest";

import { type Access, openAccess } from "../../src/access/access.ts";
import { type Accounts, openAccounts } from "../../src/accounts/accounts.ts";
import { createPasswords, type Passwords } from "../../src/accounts/passwords.ts";
import type { Store } from "../../src/db/store.ts";
import { createIds } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring, type RotatableKeyring, type SealingKey } from "../../src/lib/sealing.ts";
import { createLogger } from "../../src/observe/log.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createObserver } from "../../src/observe/observe.ts";
import { captureLog, type CapturedLog } from "../support/captured-log.ts";
import { createTestClock, type TestClock } from "../support/clock.ts";
import { sealingKeys } from "../support/sealing-keys.ts";
import { freshStore } from "../support/store.ts";

/** The rooms of people on a real store. */
export type People = {
  readonly store: Store;
  readonly access: Access;
  readonly accounts: Accounts;
  readonly clock: TestClock;
  readonly log: CapturedLog;
  readonly keyring: RotatableKeyring;
};

/** What a test may want otherwise. */
export type PeopleWish = {
  readonly store?: Store;
  readonly isSignUpOpen?: boolean;
  readonly publicUrl?: string;
  readonly passwords?: (real: Passwords) => Passwords;
  readonly keys?: readonly [SealingKey, ...SealingKey[]];
};

const random = createSystemRandom();

/** Opens them, by default as an operator has them who set nothing. */
export const openPeople = async (wish: PeopleWish = {}): Promise<People> => {
  const store = wish.store ?? (await freshStore());
  const clock = createTestClock();
  const log = captureLog();
  const observer = createObserver({
    log: createLogger({ level: "debug", format: "json", clock, sink: log }),
    metrics: createMetrics({ process: false }),
    clock,
  });
  const ids = createIds(clock, random);
  const keyring = createKeyring(wish.keys ?? sealingKeys, random);
  const access = await openAccess({ store, clock, ids, random, observer, isInUse: async () => false });
  const passwords = createPasswords(random);
  const accounts = openAccounts({
    store,
    access,
    clock,
    ids,
    random,
    keyring,
    observer,
    publicUrl: wish.publicUrl ?? "https://hooks.example.com",
    isSignUpOpen: wish.isSignUpOpen ?? false,
    passwords: wish.passwords?.(passwords) ?? passwords,
  });
  onTestFinished(() => accounts.close());
  return { store, access, accounts, clock, log, keyring };
};

/** Somebody. Each call is somebody else. */
export const newcomer = (name = "Ada"): { name: string; email: string; password: string } => ({
  name,
  email: `${name.toLowerCase()}-${random.bytes(4).toString("hex")}@example.com`,
  password: `correct horse ${name}`,
});

/** Where somebody asks from. Each call is another address. */
export const somewhere = (): { address: string; userAgent: string } => ({
  address: `198.51.100.${1 + (random.bytes(1)[0]! % 250)}`,
  userAgent: "test",
});

/** What a browser sends back of the cookies that it was given. */
export const cookieHeaderOf = (cookies: readonly string[]): string =>
  cookies.map((cookie) => cookie.split(";")[0]!).join("; ");
