import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { startGateway, type TestGateway } from "../support/gateway.ts";
import { eventually, makeDestination, makeSource, post, showDestination, signedBy } from "../support/journey.ts";
import { isPostgres, readTables } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";

const filesUnder = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Everything that a gateway keeps: its files, a backup among them, or the rows of its database. */
const keptBy = async (gateway: TestGateway, directory: string): Promise<ReadonlyMap<string, Buffer>> => {
  if (isPostgres) {
    const bytes = (json: string): Buffer =>
      Buffer.from(json.replaceAll(/\\\\x([0-9a-f]*)/g, (_, hex: string) => Buffer.from(hex, "hex").toString("latin1")));
    return new Map([...(await readTables(directory))].map(([name, rows]) => [name, bytes(rows)]));
  }
  expect((await gateway.core.secrets.backUp(join(directory, "copy.db"))).kind).toBe("written");
  await gateway.stop();
  return new Map(filesUnder(directory).map((file) => [file, readFileSync(file)]));
};

test("invariant 6: no secret is found by searching the store and all logs", async () => {
  const directory = freshDirectory();
  const gateway = await startGateway({ environment: { DATA_DIR: directory, LOG_LEVEL: "debug" } });
  await using receiver = await startReceiver();
  const signingSecret = "whsec_signing-secret-of-the-source";
  const nextSigningSecret = "whsec_signing-secret-after-rotation";
  const destinationSecret = "whsec_destination-secret-of-the-user";
  const urlSecret = "token-in-the-url-of-a-destination";

  const source = await makeSource(gateway, { provider: "stripe", signing_secret: signingSecret });
  const given = await makeDestination(gateway, source, { url: receiver.url, secret: destinationSecret });
  const generated = await makeDestination(gateway, source, { url: `${receiver.url}/hook` });
  await post(source, await signedBy.stripe(signingSecret, gateway.clock.nowMs()));
  await post(source, await signedBy.stripe("whsec_of-a-forger", gateway.clock.nowMs()));
  await gateway.request("PATCH", `/webhooks/sources/${source.id}`, { signing_secret: nextSigningSecret });
  await gateway.request("PATCH", given.path, { secret: `${destinationSecret}-2` });
  await gateway.request("POST", `${given.path}/test`);
  await gateway.request("GET", "/webhooks/sources", undefined, "kr_live_not-a-key-but-shown-as-one");
  const failing = await makeDestination(gateway, source, {
    url: `${receiver.url}/?key=${urlSecret}`,
    retry_schedule: [],
  });
  receiver.respondWith({ status: 500 });
  await post(source, await signedBy.stripe(nextSigningSecret, gateway.clock.nowMs()));
  await eventually(
    () => showDestination(gateway, failing),
    ({ failure_count }) => failure_count === 1,
  );
  await gateway.core.rotateSecrets();
  const kept = await keptBy(gateway, directory);
  await gateway.stop();

  const secrets = [
    signingSecret,
    nextSigningSecret,
    destinationSecret,
    given.secret,
    generated.secret,
    generated.secret.slice("whsec_".length),
    gateway.key,
    gateway.key.slice("kr_live_".length + 6),
    "kr_live_not-a-key-but-shown-as-one",
  ];
  expect(kept.size).toBeGreaterThan(2);
  // What may be found there is.
  expect([...kept.values()].some((bytes) => bytes.includes("stripe"))).toBe(true);
  for (const [file, bytes] of kept) {
    expect([file, secrets.filter((secret) => bytes.includes(secret))]).toEqual([file, []]);
  }
  const log = gateway.log.lines.join("\n");
  expect(log.length).toBeGreaterThan(1000);
  expect([...secrets, urlSecret].filter((secret) => log.includes(secret))).toEqual([]);
});
