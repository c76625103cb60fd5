import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { Headers } from "../../src/lib/headers.ts";
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
    body: Buffer.alloc(0),
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

describe("Microsoft Graph's validation token", () => {
  // https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
  const asked = (query: string): Partial<HandshakeRequest> => ({ method: "POST", query });
  const sentence = "Validation: Testing client application reachability for subscription Request-Id: 522a8e7e-096a";

  test("is answered as plain text, whether it is a word or a sentence", () => {
    for (const token of [sentence, "abc123"]) {
      const query = new URLSearchParams({ token: "x", validationToken: token }).toString();
      expect(ask("microsoft_graph", asked(query))).toEqual({ status: 200, headers: text, body: token });
    }
  });

  test.for(["", "validationToken=", "validationToken=a&validationToken=b", "validationToken=%3Cb%3E", "token=x"])(
    "POST ?%s is not answered",
    (query) => {
      expect(ask("microsoft_graph", asked(query))).toBeNull();
    },
  );

  test("is not asked for by GET, and no other challenge may be a sentence", () => {
    expect(ask("microsoft_graph", getting("validationToken=abc"))).toBeNull();
    expect(ask("dropbox", getting("challenge=a+b"))).toBeNull();
  });
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

// https://developers.intercom.com/docs/webhooks/setting-up-webhooks
test.for(["trello", "intercom"])("%s looks with HEAD whether the URL is there", (provider) => {
  expect(ask(provider, { method: "HEAD" })).toEqual({ status: 200, headers: text, body: "" });
  expect(ask(provider, { method: "GET" })).toBeNull();
});

describe("X's challenge", () => {
  // https://docs.x.com/x-api/webhooks/quickstart
  const token = "OWQ0MzE3NDEtNjQ0Zi00ZTkzLTk4NjYtZjUwMmMzN2ZkYmE4";

  test("is answered with its HMAC under the consumer secret, every time it is asked", () => {
    const hmac = createHmac("sha256", "the source's secret").update(token).digest("base64");
    const answer = ask("x", getting(`crc_token=${token}&nonce=MTc2MjAyMDAwMA`))!;
    expect([answer.status, answer.headers]).toEqual([200, json]);
    expect(JSON.parse(answer.body)).toEqual({ response_token: `sha256=${hmac}` });
  });

  test.for(["", "crc_token=", "crc_token=a&crc_token=b", "crc_token=%7B%7D", "crc_token=%5B1%5D", "crc_token=a+b"])(
    "GET ?%s is not answered: it could be an event",
    (query) => {
      expect(ask("x", getting(query))).toBeNull();
    },
  );

  test("is not answered without a secret", () => {
    expect(ask("x", { ...getting(`crc_token=${token}`), secrets: [] })).toBeNull();
  });

  test("gives nobody the signature of an event: what is signed for it is no valid body", () => {
    const answer = JSON.parse(ask("x", getting("crc_token=123"))!.body);
    const headers: Headers = [["x-twitter-webhooks-signature", answer.response_token]];
    const request = { headers, query: "", body: Buffer.from("123") };
    expect(judge(shippedPreset("x"), request, "the source's secret")).toEqual({ valid: false, reason: "mismatch" });
  });
});

describe("WooCommerce's ping", () => {
  const pinging = (body: string): Partial<HandshakeRequest> => ({ body: Buffer.from(body) });

  test("is answered", () => {
    expect(ask("woocommerce", pinging("webhook_id=12"))).toEqual({ status: 200, headers: text, body: "" });
  });

  test.for([
    "",
    "webhook_id",
    "webhook_id=",
    "webhook_id=a",
    "webhook_id=1&a=b",
    "webhook_id=1=2",
    "a=1",
    "webhook_id=1\n",
    `webhook_id=${"1".repeat(100)}`,
    '{"id":1}',
  ])("%j is none", (body) => {
    expect(ask("woocommerce", pinging(body))).toBeNull();
  });
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
