import { describe, expect, test } from "vitest";

import type { Headers } from "../../../src/lib/headers.ts";
import type { Preset } from "../../../src/providers/preset.ts";
import type { SampleRequest } from "../../../src/providers/sign.ts";
import { startGateway } from "../../support/gateway.ts";
import { shippedPreset, shippedPresets } from "../../support/presets.ts";
import { changeProof, forge, inOtherEncoding, openSender, type Sender } from "./_sender.ts";

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const byName = (a: { name: string }, b: { name: string }): number => compare(a.name, b.name);

/** A source verifies itself what its template leaves to it. */
const templates = shippedPresets.filter(({ configurable }) => configurable !== true);

type Outcome = { readonly name: string; readonly status: number; readonly stored: readonly string[] };

/** What becomes of one request to a source of each template. */
const outcomesOf = async (
  presets: readonly Preset[],
  requestOf: (preset: Preset, sender: Sender) => SampleRequest,
): Promise<readonly Outcome[]> => {
  const gateway = await startGateway();
  return Promise.all(
    presets.map(async (preset) => {
      const sender = await openSender(gateway, preset);
      const { status } = await sender.send(requestOf(preset, sender));
      return { name: preset.name, status, stored: await sender.stored() };
    }),
  );
};

const each = (presets: readonly Preset[], status: number, stored: readonly string[]): readonly Outcome[] =>
  presets.map(({ name }) => ({ name, status, stored }));

test("what the sender of a template signs is stored as verified", async () => {
  const outcomes = await outcomesOf(templates, (_, sender) => sender.sign());
  expect(outcomes).toEqual(each(templates, 200, ["verified"]));
});

test.for<[what: string, change: (proof: string) => string | null]>([
  ["forged", forge],
  ["without its proof", () => null],
  ["with an empty proof", () => ""],
  ["in another encoding", inOtherEncoding],
])("a request %s is 401, and routed nowhere", async ([, change]) => {
  const outcomes = await outcomesOf(templates, (preset, sender) => changeProof(preset, sender.sign(), change));
  expect(outcomes).toEqual(each(templates, 401, ["failed"]));
});

test("a genuine signature of another body is 401", async () => {
  const covering = templates.filter(({ verification: { kind } }) =>
    ["hmac", "standard_webhooks", "public_key"].includes(kind),
  );
  const outcomes = await outcomesOf(covering, (_, sender) => {
    const genuine = sender.sign();
    return { ...genuine, body: Buffer.concat([genuine.body, Buffer.from(" ")]) };
  });
  expect(outcomes).toEqual(each(covering, 401, ["failed"]));
});

test("a signature of five minutes ago is 401 where the sender sets that limit, and only there", async () => {
  const limited = templates.filter(({ verification }) =>
    verification.kind === "hmac"
      ? (verification.timestamp?.toleranceSeconds ?? 0) > 0
      : verification.kind === "standard_webhooks",
  );
  const names = "calendly clerk hubspot paddle resend slack standard_webhooks stripe svix".split(" ");
  expect(limited.map(({ name }) => name)).toEqual(names);
  const outcomes = await outcomesOf(templates, (_, sender) => sender.sign(301));
  const others = templates.filter((preset) => !limited.includes(preset));
  const expected = [...each(limited, 401, ["failed"]), ...each(others, 200, ["verified"])];
  expect(outcomes.toSorted(byName)).toEqual(expected.toSorted(byName));
});

describe.for(["hubspot", "square", "trello", "twilio"])("the URL that %s signs", (provider) => {
  const preset = shippedPreset(provider);

  test("has the query as it was called", async () => {
    const sender = await openSender(await startGateway(), preset);
    const query = "tenant=a%20b&x=%2F";
    const asked = `${sender.url}?${query}`;
    // HubSpot undoes some escapes before it signs.
    const called = provider === "hubspot" ? asked.replace("%2F", "/") : asked;
    expect((await sender.send({ ...sender.sign(0, undefined, called), query })).status).toBe(200);
    expect((await sender.send({ ...sender.sign(), query })).status).toBe(401);
  });

  test("is no other address of the gateway, whatever the request says of itself", async () => {
    const sender = await openSender(await startGateway(), preset);
    const { pathname } = new URL(sender.url);
    const forged = sender.sign(0, undefined, `https://evil.example${pathname}`);
    const said: Headers = [
      ["host", "evil.example"],
      ["x-forwarded-host", "evil.example"],
      ["x-forwarded-proto", "https"],
    ];
    expect((await sender.send({ ...forged, headers: [...forged.headers, ...said] })).status).toBe(401);
    const genuine = sender.sign();
    expect((await sender.send({ ...genuine, headers: [...genuine.headers, ...said] })).status).toBe(200);
  });
});

test("Twilio may call with GET, and signs the URL with its parameters", async () => {
  const sender = await openSender(await startGateway(), shippedPreset("twilio"));
  const query = "AccountSid=AC1&Body=Hello+there&From=%2B14155550100";
  const { headers } = sender.sign(0, Buffer.alloc(0), `${sender.url}?${query}`);
  expect((await sender.send({ headers, query }, "GET")).status).toBe(200);
  expect((await sender.send({ headers, query: `${query}1` }, "GET")).status).toBe(401);
  expect(await sender.stored()).toEqual(["failed", "verified"]);
});
