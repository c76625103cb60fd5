import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import { answerHandshake, type HandshakeAnswer, type HandshakeRequest } from "../../src/providers/handshake.ts";
import { judge, shippedPreset, shippedPresets, signedSample } from "../support/presets.ts";

const text = [["content-type", "text/plain; charset=utf-8"]];
const json = [["content-type", "application/json"]];

const unread = (): never => {
  throw new Error("the body was read");
};

const ask = (provider: string, request: Partial<HandshakeRequest>): HandshakeAnswer | null =>
  answerHandshake(shippedPreset(provider).handshake, {
    method: "POST",
    headers: [],
    query: "",
    readBody: unread,
    isGenuine: () => true,
    secrets: ["the source's secret"],
    ...request,
  });

const posting = (body: unknown): Partial<HandshakeRequest> => ({ readBody: () => body });
const getting = (query: string): Partial<HandshakeRequest> => ({ method: "GET", query });

describe("Slack's url_verification", () => {
  test("is answered with its challenge", () => {
    const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
    const answer = ask("slack", posting({ type: "url_verification", token: "x", challenge }));
    expect(answer).toEqual({ status: 200, headers: text, body: challenge });
  });

  test.for([
    ["an event", { type: "event_callback", challenge: "abc" }],
    ["no JSON", undefined],
    ["no challenge", { type: "url_verification" }],
    ["a challenge that is no text", { type: "url_verification", challenge: 1 }],
    ["an empty challenge", { type: "url_verification", challenge: "" }],
    ["markup", { type: "url_verification", challenge: "<script>" }],
    ["a line break at the end", { type: "url_verification", challenge: "abc\n" }],
    ["more than 1 KiB", { type: "url_verification", challenge: "a".repeat(1025) }],
  ] as const)("%s is not answered", ([, body]) => {
    expect(ask("slack", posting(body))).toBeNull();
  });

  test("a GET is not answered, and nothing is read for it", () => {
    expect(ask("slack", getting("challenge=abc"))).toBeNull();
  });
});

// https://www.dropbox.com/developers/reference/webhooks, https://developers.facebook.com/docs/graph-api/webhooks/getting-started
test.for([
  ["dropbox", "challenge=abc123", "abc123"],
  ["dropbox", "a=1&challenge=abc123", "abc123"],
  ["meta", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock", "1158201444"],
  ["whatsapp", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=any", "1158201444"],
] as const)("%s, GET ?%s: %s", ([provider, query, body]) => {
  expect(ask(provider, getting(query))).toEqual({ status: 200, headers: text, body });
  expect(ask(provider, { ...getting(query), method: "POST" })).toBeNull();
});

test.for([
  ["dropbox", ""],
  ["dropbox", "challenge="],
  ["dropbox", "challenge=%3Cscript%3E"],
  ["dropbox", "challenge=a&challenge=b"],
  ["dropbox", "challenge=a%0d%0ab"],
  ["meta", "hub.challenge=1"],
  ["meta", "hub.mode=unsubscribe&hub.challenge=1"],
  ["meta", "hub.mode=subscribe"],
  ["github", "challenge=a"],
] as const)("%s, GET ?%s is not answered", ([provider, query]) => {
  expect(ask(provider, getting(query))).toBeNull();
});

describe("Okta's challenge in a header", () => {
  // https://developer.okta.com/docs/concepts/event-hooks/
  const name = "x-okta-verification-challenge";

  test("is answered in JSON", () => {
    const answer = ask("okta", { method: "GET", headers: [[name, "a1b2c3"]] });
    expect(answer).toEqual({ status: 200, headers: json, body: '{"verification":"a1b2c3"}' });
  });

  test("twice, without text or with markup is not", () => {
    for (const values of [[], [""], ["a", "a"], ['"}']]) {
      expect(ask("okta", { method: "GET", headers: values.map((value) => [name, value]) })).toBeNull();
    }
  });
});

describe("Asana's secret", () => {
  // https://developers.asana.com/docs/webhooks-guide
  const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

  test("is echoed in the header that it came in", () => {
    const answer = ask("asana", { headers: [["x-hook-secret", secret]] });
    expect(answer).toEqual({ status: 200, headers: [["x-hook-secret", secret]], body: "" });
  });

  test("is not when it would end the header, or comes twice; and an event is an event", () => {
    expect(ask("asana", { headers: [["x-hook-secret", "a\r\nb: c"]] })).toBeNull();
    expect(
      ask("asana", {
        headers: [
          ["x-hook-secret", secret],
          ["x-hook-secret", secret],
        ],
      }),
    ).toBeNull();
    expect(ask("asana", { headers: [["x-hook-signature", secret]] })).toBeNull();
  });
});

describe("Zoom's validation", () => {
  const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
  const body = { event: "endpoint.url_validation", payload: { plainToken } };

  test("is answered with the token and its HMAC", () => {
    const answer = ask("zoom", posting(body))!;
    const encryptedToken = createHmac("sha256", "the source's secret").update(plainToken).digest("hex");
    expect([answer.status, answer.headers]).toEqual([200, json]);
    expect(JSON.parse(answer.body)).toEqual({ plainToken, encryptedToken });
  });

  test("is not answered to those who do not sign it, nor without a secret", () => {
    expect(ask("zoom", { ...posting(body), isGenuine: () => false })).toBeNull();
    expect(ask("zoom", { ...posting(body), secrets: [] })).toBeNull();
  });

  test("gives nobody the signature of an event", () => {
    const event = { event: "endpoint.url_validation", payload: { plainToken: 'v0:1762020000:{"event":"x"}' } };
    expect(ask("zoom", posting(event))).toBeNull();
  });
});

test("Discord's ping is answered 204 when it is signed, and an event is an event", () => {
  // https://docs.discord.com/developers/events/webhook-events
  expect(ask("discord", posting({ version: 1, type: 0 }))).toEqual({ status: 204, headers: text, body: "" });
  expect(ask("discord", { ...posting({ version: 1, type: 0 }), isGenuine: () => false })).toBeNull();
  expect(ask("discord", posting({ version: 1, type: 1, event: {} }))).toBeNull();
  expect(ask("discord", posting({ version: 1, type: "0" }))).toBeNull();
});

test("Trello looks with HEAD whether the URL is there", () => {
  expect(ask("trello", { method: "HEAD" })).toEqual({ status: 200, headers: text, body: "" });
  expect(ask("trello", { method: "GET" })).toBeNull();
});

test("a sender without a handshake costs no parsing", () => {
  expect(ask("github", {})).toBeNull();
});

test("no sender's event is taken for a handshake", () => {
  for (const preset of shippedPresets) {
    const request = signedSample(preset, "secret");
    const readBody = (): unknown => (preset.name === "twilio" ? undefined : JSON.parse(request.body.toString()));
    const isGenuine = (): boolean => judge(preset, request, "secret").valid;
    const asked = { ...request, method: "POST", readBody, isGenuine, secrets: ["secret"] };
    expect([preset.name, answerHandshake(preset.handshake, asked)]).toEqual([preset.name, null]);
  }
});
