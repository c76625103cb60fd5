import { chmodSync, chownSync, copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type PostgresServer, runIn, startPostgres } from "../../../harness/postgres.ts";
import { createSession, type Session } from "../../../src/db/postgres/session.ts";
import { parseUrl } from "../../../src/db/postgres/url.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { createSystemRandom } from "../../../src/lib/random.ts";

/** Certificates of the test receivers, for one key. That of `receiver` signed itself, `elsewhere` and `expired`. */
type Certificate = "receiver" | "elsewhere" | "expired";

const pathOf = (name: string): string => fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url));
const trusted = `sslrootcert=${encodeURIComponent(pathOf("receiver.cert"))}`;

let server: PostgresServer;

/** The server takes a key that is its own, and that nobody else can read. */
const show = async (certificate: Certificate): Promise<void> => {
  const { uid, gid } = statSync(server.data);
  for (const [from, to] of [
    [`${certificate}.cert`, "shown.cert"],
    ["receiver.key", "shown.key"],
  ] as const) {
    const path = join(server.data, to);
    copyFileSync(pathOf(from), path);
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
    chmodSync(path, 0o600);
  }
  await runIn(
    server.url(),
    "alter system set ssl_cert_file = 'shown.cert'",
    "alter system set ssl_key_file = 'shown.key'",
    "alter system set ssl = on",
    "select pg_reload_conf()",
  );
};

beforeAll(async () => {
  server = await startPostgres({ isDurable: false });
});

afterAll(() => server.close());

const sessionAs = (parameters: string, answerMsMax: number): Session =>
  createSession({
    ...parseUrl(`${server.url()}?${parameters}`),
    clock: systemClock,
    random: createSystemRandom(),
    rowsMax: 10,
    answerMsMax,
  });

/** Whether a connection as its URL says is encrypted. */
const isEncrypted = async (parameters: string): Promise<boolean> => {
  const session = sessionAs(parameters, 10_000);
  try {
    const text = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    const [result] = await session.run([{ text, values: [] }]);
    return result?.rows[0]?.["ssl"] === 1;
  } finally {
    await session.close();
  }
};

const verified = `sslmode=verify-full&${trusted}`;

/** What comes of a connection that verifies. The server reads its certificate again a moment after it was told to. */
const outcomeWith = async (certificate: Certificate): Promise<string> => {
  await show(certificate);
  try {
    return `encrypted: ${await isEncrypted(verified)}`;
  } catch (error) {
    return String(error);
  }
};

const showsWhatItShould = async (): Promise<void> => {
  await expect.poll(() => outcomeWith("receiver")).toBe("encrypted: true");
};

test("a server that shows what it should is taken by all modes, and only without one in clear", async () => {
  await showsWhatItShould();
  for (const mode of ["prefer", "allow", "require", `verify-ca&${trusted}`, `verify-full&${trusted}`]) {
    expect([mode, await isEncrypted(`sslmode=${mode}`)]).toEqual([mode, true]);
  }
  for (const mode of ["", "sslmode=disable"]) expect([mode, await isEncrypted(mode)]).toEqual([mode, false]);
});

test("a certificate that nobody vouches for is refused where it is to be verified", async () => {
  await showsWhatItShould();
  await expect(isEncrypted("sslmode=verify-full")).rejects.toMatchObject({
    name: "StoreError",
    code: "unavailable",
    message: expect.stringMatching(/self-signed certificate/),
  });
});

test("a certificate for another host is refused by verify-full, and taken by verify-ca", async () => {
  await expect.poll(() => outcomeWith("elsewhere")).toMatch(/does not match certificate's altnames/);
  expect(await isEncrypted(`sslmode=verify-ca&${trusted}`)).toBe(true);
});

test("a certificate that has expired is refused", async () => {
  await expect.poll(() => outcomeWith("expired")).toMatch(/certificate has expired/);
});

test("a file that is not there is named", async () => {
  await expect(isEncrypted("sslmode=verify-full&sslrootcert=/nowhere/ca.pem")).rejects.toThrow("/nowhere/ca.pem");
});

test("what is waited for no more is ended on the server over TLS, too", async () => {
  await showsWhatItShould();
  const session = sessionAs(verified, 200);
  try {
    const text = "select pg_sleep(60) /* over TLS */";
    await expect(session.run([{ text, values: [] }])).rejects.toMatchObject({ code: "interrupted" });
    const sleeping = `select 1 from pg_stat_activity where query like '%over TLS%' and wait_event = 'PgSleep'`;
    await expect.poll(() => runIn(server.url(), sleeping)).toEqual([]);
  } finally {
    await session.close();
  }
});
