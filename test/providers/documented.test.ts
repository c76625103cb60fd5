import { createHash, createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { Headers } from "../../src/lib/headers.ts";
import { verify } from "../../src/providers/verify.ts";
import { nowMs, shippedPreset } from "../support/presets.ts";

const secret = "the source's secret";
const url = "https://hooks.example.com/in/slug?a=1";
const seconds = String(nowMs / 1000);

type Request = { headers: Headers; body: string };

const reasonOf = (
  provider: string,
  { headers, body }: Request,
  over: { url?: string; secrets?: readonly string[]; nowMs?: number; method?: string } = {},
): string =>
  verify(shippedPreset(provider).verification, {
    headers,
    body: Buffer.from(body),
    url,
    secrets: [secret],
    nowMs,
    ...over,
  }).reason;

const hmac = (algorithm: string, encoding: "hex" | "base64", ...parts: string[]): string =>
  createHmac(algorithm, secret).update(parts.join("")).digest(encoding);

const iso = "2023-11-14T22:13:20Z";

/** Each sender's rule as its documentation has it, written without a look at ours. */
const rules: Record<string, (body: string) => Headers> = {
  asana: (body) => [["x-hook-signature", hmac("sha256", "hex", body)]],
  bitbucket: (body) => [["x-hub-signature", `sha256=${hmac("sha256", "hex", body)}`]],
  calendly: (body) => [["calendly-webhook-signature", `t=${seconds},v1=${hmac("sha256", "hex", seconds, ".", body)}`]],
  coinbase_commerce: (body) => [["x-cc-webhook-signature", hmac("sha256", "hex", body)]],
  docusign: (body) => [["x-docusign-signature-1", hmac("sha256", "base64", body)]],
  dropbox: (body) => [["x-dropbox-signature", hmac("sha256", "hex", body)]],
  hubspot: (body) => [
    ["x-hubspot-request-timestamp", String(nowMs)],
    ["x-hubspot-signature-v3", hmac("sha256", "base64", "POST", url, body, String(nowMs))],
  ],
  intercom: (body) => [["x-hub-signature", `sha1=${hmac("sha1", "hex", body)}`]],
  lemon_squeezy: (body) => [["x-signature", hmac("sha256", "hex", body)]],
  linear: (body) => [["linear-signature", hmac("sha256", "hex", body)]],
  meta: (body) => [["x-hub-signature-256", `sha256=${hmac("sha256", "hex", body)}`]],
  notion: (body) => [["x-notion-signature", `sha256=${hmac("sha256", "hex", body)}`]],
  pagerduty: (body) => [["x-pagerduty-signature", `v1=${"0".repeat(64)},v1=${hmac("sha256", "hex", body)}`]],
  sentry: (body) => [["sentry-hook-signature", hmac("sha256", "hex", body)]],
  square: (body) => [["x-square-hmacsha256-signature", hmac("sha256", "base64", url, body)]],
  trello: (body) => [["x-trello-webhook", hmac("sha1", "base64", body, url)]],
  typeform: (body) => [["typeform-signature", `sha256=${hmac("sha256", "base64", body)}`]],
  vercel: (body) => [["x-vercel-signature", hmac("sha1", "hex", body)]],
  whatsapp: (body) => [["x-hub-signature-256", `sha256=${hmac("sha256", "hex", body)}`]],
  woocommerce: (body) => [["x-wc-webhook-signature", hmac("sha256", "base64", body)]],
  x: (body) => [["x-twitter-webhooks-signature", `sha256=${hmac("sha256", "base64", body)}`]],
  xero: (body) => [["x-xero-signature", hmac("sha256", "base64", body)]],
  zendesk: (body) => [
    ["x-zendesk-webhook-signature-timestamp", iso],
    ["x-zendesk-webhook-signature", hmac("sha256", "base64", iso, body)],
  ],
  zoom: (body) => [
    ["x-zm-request-timestamp", seconds],
    ["x-zm-signature", `v0=${hmac("sha256", "hex", "v0:", seconds, ":", body)}`],
  ],
};

const bodies = ['{"id":"evt_1"}', '{"name":"Zoë 🦊 注文"}', "not json", "\r\n", "{ }  ", ""];

describe.for(Object.entries(rules))("what %s documents", ([provider, sign]) => {
  test("is valid, whatever the body", () => {
    for (const body of bodies) expect(reasonOf(provider, { headers: sign(body), body })).toBe("ok");
  });

  test("is not for another body, nor under another secret", () => {
    for (const body of bodies) {
      expect(reasonOf(provider, { headers: sign(body), body: `${body} ` })).toBe("mismatch");
      expect(reasonOf(provider, { headers: sign(body), body }, { secrets: ["another"] })).toBe("mismatch");
    }
  });
});

test.for(["square", "trello", "hubspot"])(
  "%s's signature holds for the URL that it called, and no other",
  (provider) => {
    const request = { headers: rules[provider]!("{}"), body: "{}" };
    expect(reasonOf(provider, request)).toBe("ok");
    for (const other of [
      "",
      "http://hooks.example.com/in/slug?a=1",
      "https://hooks.example.com/in/slug",
      `${url}&b=2`,
    ]) {
      expect(reasonOf(provider, request, { url: other })).toBe("mismatch");
    }
  },
);

describe("HubSpot", () => {
  const signed = (method: string, called: string): Request => ({
    headers: [
      ["x-hubspot-request-timestamp", String(nowMs)],
      ["x-hubspot-signature-v3", hmac("sha256", "base64", method, called, "[]", String(nowMs))],
    ],
    body: "[]",
  });

  test("signs the URL with some of its escapes undone", () => {
    const request = signed("POST", "https://hooks.example.com/in/slug?to=a@b.c/d&e=%20%26");
    const called = "https://hooks.example.com/in/slug?to=a%40b.c%2fd&e=%20%26";
    expect(reasonOf("hubspot", request, { url: called })).toBe("ok");
  });

  test("signs the method", () => {
    expect(reasonOf("hubspot", signed("PUT", url), { method: "PUT" })).toBe("ok");
    expect(reasonOf("hubspot", signed("PUT", url), { method: "POST" })).toBe("mismatch");
  });
});

describe("Twilio", () => {
  const signed = (body: string, content: string, called = url): Request => ({
    headers: [["x-twilio-signature", hmac("sha1", "base64", called, content)]],
    body,
  });

  test.for([
    ["sorted by name", "b=2&a=1", "a1b2"],
    ["with escapes undone", "From=%2B1+555&To=a%26b%3dc", "From+1 555Toa&b=c"],
    ["of other scripts", "Body=Zo%C3%AB%20%F0%9F%A6%8A", "BodyZoë 🦊"],
    ["several times, each value once", "M=2&M=1&M=2", "M1M2"],
    ["without a value", "a=&b", "ab"],
    ["with what is no escape", "a=100%&b=%zz", "a100%b%zz"],
    ["none", "", ""],
  ] as const)("signs a form's fields %s", ([, body, content]) => {
    expect(reasonOf("twilio", signed(body, content))).toBe("ok");
    expect(reasonOf("twilio", signed(body, `${content}x`))).toBe("mismatch");
  });

  test("tells bytes apart that are no text", () => {
    const request = {
      ...signed("", ""),
      headers: [["x-twilio-signature", hmac("sha1", "base64", url, "\ufffd")]] as const,
    };
    for (const body of ["a=%ff", "%ff", "%fe"]) expect(reasonOf("twilio", { ...request, body })).toBe("mismatch");
  });

  const json = '{"id":1}';
  const digestOf = (body: string): string => createHash("sha256").update(body).digest("hex");
  const called = `https://hooks.example.com/in/slug?bodySHA256=${digestOf(json)}`;

  test("signs any other body by its digest in the URL", () => {
    expect(reasonOf("twilio", signed(json, "", called), { url: called })).toBe("ok");
  });

  test.for(["", "=", "&", '{"id":2}', `${json} `])("%j is not the body of another's digest", (body) => {
    expect(reasonOf("twilio", signed(body, "", called), { url: called })).toBe("mismatch");
  });

  test("takes no digest for granted that is not signed", () => {
    const forged = `https://hooks.example.com/in/slug?bodySHA256=${digestOf("[]")}`;
    expect(reasonOf("twilio", signed("[]", "", called), { url: forged })).toBe("mismatch");
    expect(reasonOf("twilio", signed("[]", ""), { url })).toBe("mismatch");
  });
});

describe("Twilio's port", () => {
  const signedFor = (called: string): Request => ({
    headers: [["x-twilio-signature", hmac("sha1", "base64", called)]],
    body: "",
  });

  // https://github.com/twilio/twilio-node/blob/main/src/webhooks/webhooks.ts
  test.for([
    ["https://a.example/in/b?c=d:1", "https://a.example:443/in/b?c=d:1"],
    ["http://a.example/in/b", "http://a.example:80/in/b"],
    ["https://a.example:8443/in/b", "https://a.example/in/b"],
    ["https://[2001:db8::1]:8443/in/b", "https://[2001:db8::1]/in/b"],
    ["https://[2001:db8::1]/in/b", "https://[2001:db8::1]:443/in/b"],
  ] as const)("%s may be signed as %s", ([called, signedAs]) => {
    expect(reasonOf("twilio", signedFor(called), { url: called })).toBe("ok");
    expect(reasonOf("twilio", signedFor(signedAs), { url: called })).toBe("ok");
  });

  test.for([
    ["https://a.example/in/b", "http://a.example/in/b"],
    ["https://a.example/in/b", "https://a.example:80/in/b"],
    ["https://a.example:8443/in/b", "https://a.example:443/in/b"],
    ["https://a.example/in/b", "https://b.example/in/b"],
    ["https://a.example/in/b", "https://a.example/in/b?c"],
    ["no URL", ""],
  ] as const)("%s may not be signed as %s", ([called, signedAs]) => {
    expect(reasonOf("twilio", signedFor(signedAs), { url: called })).toBe("mismatch");
  });
});

describe.for(["svix", "clerk", "resend"])("%s without Svix's brand", (provider) => {
  const key = Buffer.alloc(24, 3);
  const over = { secrets: [`whsec_${key.toString("base64")}`] };
  const macOf = (id: string): string =>
    `v1,${createHmac("sha256", key).update(`${id}.${seconds}.{}`).digest("base64")}`;
  const headersOf = (prefix: string, id = "msg_1"): Headers => [
    [`${prefix}-id`, id],
    [`${prefix}-timestamp`, seconds],
    [`${prefix}-signature`, macOf("msg_1")],
  ];

  test("is signed in the headers of the specification", () => {
    expect(reasonOf(provider, { headers: headersOf("svix"), body: "{}" }, over)).toBe("ok");
    expect(reasonOf(provider, { headers: headersOf("webhook"), body: "{}" }, over)).toBe("ok");
    expect(reasonOf(provider, { headers: headersOf("webhook", "msg_2"), body: "{}" }, over)).toBe("mismatch");
  });

  test.for(["svix-id", "svix-signature"])(
    "takes %s as its own when it is there: the id that is read is signed",
    (name) => {
      const headers: Headers = [...headersOf("webhook"), [name, "msg_2"]];
      expect(reasonOf(provider, { headers, body: "{}" }, over)).toBe("missing_header");
    },
  );

  test("may come under both names; Svix's hold", () => {
    const both = [...headersOf("svix"), ...headersOf("webhook", "msg_2")];
    expect(reasonOf(provider, { headers: both, body: "{}" }, over)).toBe("ok");
  });
});

describe("Mailgun", () => {
  const signed = (changes: object = {}): string => {
    const [timestamp, token] = ["1529006854", "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"];
    const signature = hmac("sha256", "hex", timestamp, token);
    return JSON.stringify({
      signature: { timestamp, token, signature, ...changes },
      "event-data": { event: "opened" },
    });
  };
  const reason = (body: string): string => reasonOf("mailgun", { headers: [], body });

  test.for([
    ["as it is documented", signed(), "ok"],
    ["another time", signed({ timestamp: "1529006855" }), "mismatch"],
    ["another token", signed({ token: "x" }), "mismatch"],
    ["a time that is a number", signed({ timestamp: 1_529_006_854 }), "malformed"],
    ["no token", signed({ token: undefined }), "malformed"],
    ["a token of a thousand characters", signed({ token: "x".repeat(1_000) }), "malformed"],
    ["no signature", signed({ signature: undefined }), "missing_header"],
    ["a signature that is none", signed({ signature: ["00"] }), "malformed"],
    ["a signature in upper case", signed({ signature: "A".repeat(64) }), "malformed"],
    ["zeros", signed({ signature: "0".repeat(64) }), "mismatch"],
    ["nothing", "", "missing_header"],
    ["no object", "[1]", "missing_header"],
    ["no JSON", "{", "missing_header"],
  ] as const)("with %s: %s", ([, body, expected]) => {
    expect(reason(body)).toBe(expected);
  });
});
