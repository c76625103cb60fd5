import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import { findHeader, type Headers } from "../../src/lib/headers.ts";
import type { Refusal } from "../../src/providers/verdict.ts";
import { verify } from "../../src/providers/verify.ts";
import { judge, nowMs, shippedPreset, signedSample, withHeader } from "../support/presets.ts";

const secret = "the source's secret";

/** How each sender's header holds a signature, as a function of the signature's text. */
const senders = [
  { provider: "github", header: "x-hub-signature-256", write: (mac: string) => `sha256=${mac}` },
  { provider: "shopify", header: "x-shopify-hmac-sha256", write: (mac: string) => mac },
  { provider: "generic", header: "x-signature", write: (mac: string) => mac },
  { provider: "stripe", header: "stripe-signature", write: (mac: string) => `t=1700000000,v1=${mac}` },
  { provider: "paddle", header: "paddle-signature", write: (mac: string) => `ts=1700000000;h1=${mac}` },
  { provider: "slack", header: "x-slack-signature", write: (mac: string) => `v0=${mac}` },
  { provider: "standard_webhooks", header: "webhook-signature", write: (mac: string) => `v1,${mac}` },
  { provider: "svix", header: "svix-signature", write: (mac: string) => `v1,${mac}` },
  { provider: "clerk", header: "svix-signature", write: (mac: string) => `v1,${mac}` },
  { provider: "resend", header: "svix-signature", write: (mac: string) => `v1,${mac}` },
  { provider: "intercom", header: "x-hub-signature", write: (mac: string) => `sha1=${mac}` },
  { provider: "linear", header: "linear-signature", write: (mac: string) => mac },
  { provider: "typeform", header: "typeform-signature", write: (mac: string) => `sha256=${mac}` },
  { provider: "bitbucket", header: "x-hub-signature", write: (mac: string) => `sha256=${mac}` },
  { provider: "dropbox", header: "x-dropbox-signature", write: (mac: string) => mac },
  { provider: "meta", header: "x-hub-signature-256", write: (mac: string) => `sha256=${mac}` },
  { provider: "whatsapp", header: "x-hub-signature-256", write: (mac: string) => `sha256=${mac}` },
  { provider: "notion", header: "x-notion-signature", write: (mac: string) => `sha256=${mac}` },
  { provider: "asana", header: "x-hook-signature", write: (mac: string) => mac },
  { provider: "trello", header: "x-trello-webhook", write: (mac: string) => mac },
  { provider: "woocommerce", header: "x-wc-webhook-signature", write: (mac: string) => mac },
  { provider: "pagerduty", header: "x-pagerduty-signature", write: (mac: string) => `v1=${mac}` },
  { provider: "sentry", header: "sentry-hook-signature", write: (mac: string) => mac },
  { provider: "vercel", header: "x-vercel-signature", write: (mac: string) => mac },
  { provider: "docusign", header: "x-docusign-signature-1", write: (mac: string) => mac },
  { provider: "x", header: "x-twitter-webhooks-signature", write: (mac: string) => `sha256=${mac}` },
  { provider: "xero", header: "x-xero-signature", write: (mac: string) => mac },
  { provider: "coinbase_commerce", header: "x-cc-webhook-signature", write: (mac: string) => mac },
  { provider: "lemon_squeezy", header: "x-signature", write: (mac: string) => mac },
  { provider: "square", header: "x-square-hmacsha256-signature", write: (mac: string) => mac },
  { provider: "twilio", header: "x-twilio-signature", write: (mac: string) => mac },
  { provider: "hubspot", header: "x-hubspot-signature-v3", write: (mac: string) => mac },
  { provider: "calendly", header: "calendly-webhook-signature", write: (mac: string) => `t=1700000000,v1=${mac}` },
  { provider: "zendesk", header: "x-zendesk-webhook-signature", write: (mac: string) => mac },
  { provider: "zoom", header: "x-zm-signature", write: (mac: string) => `v0=${mac}` },
] as const;

/** What a forger may make of a genuine signature, and why it is refused. */
const forgeries: readonly [what: string, forge: (mac: string) => string, reason: Refusal][] = [
  ["without its last character", (mac) => mac.slice(0, -1), "malformed"],
  ["without its last byte", (mac) => mac.slice(0, -2), "malformed"],
  ["cut to its first character", (mac) => mac.slice(0, 1), "malformed"],
  ["with a character more", (mac) => `${mac}0`, "malformed"],
  ["twice in a row", (mac) => `${mac}${mac}`, "malformed"],
  ["with a blank at the end", (mac) => `${mac}\u00a0`, "malformed"],
  ["in letters that only look the same", (mac) => mac.replace(/[a-zA-Z]/, "\u0430"), "malformed"],
  ["with a character that latin1 would fold to the same byte", (mac) => fold(mac), "malformed"],
  ["of zeros", (mac) => mac.replaceAll(/[^=]/g, "0"), "mismatch"],
  ["with its first character changed", (mac) => (mac.startsWith("0") ? "1" : "0") + mac.slice(1), "mismatch"],
];

const fold = (mac: string): string => String.fromCharCode(mac.charCodeAt(0) + 0x100) + mac.slice(1);

describe.for(senders)("$provider", ({ provider, header, write }) => {
  const preset = shippedPreset(provider);
  const genuine = signedSample(preset, secret);
  const value = findHeader(genuine.headers, header)!;
  const mac = value.slice(write("").length);
  const isHex = /^[0-9a-f]+$/.test(mac);

  test("the sample's signature is written as this table says", () => {
    expect(write(mac)).toBe(value);
    expect(judge(preset, genuine, secret).reason).toBe("ok");
  });

  test.for(forgeries)("a signature %s is refused", ([, forge, reason]) => {
    const forged = withHeader(genuine, header, write(forge(mac)));
    expect(judge(preset, forged, secret)).toEqual({ valid: false, reason });
  });

  test("the same signature in the other letter case is refused", () => {
    const swapped = isHex ? mac.toUpperCase() : mac.toLowerCase();
    const verdict = judge(preset, withHeader(genuine, header, write(swapped)), secret);
    expect(verdict).toEqual({ valid: false, reason: isHex ? "malformed" : "mismatch" });
  });

  test("a signature with another hash is refused", () => {
    const encoding = isHex ? "hex" : "base64";
    const bytes = Buffer.from(mac, encoding).length;
    for (const algorithm of ["md5", bytes === 20 ? "sha256" : "sha1", "sha512"]) {
      const other = createHmac(algorithm, secret).update(genuine.body).digest(encoding);
      expect(judge(preset, withHeader(genuine, header, write(other)), secret).reason).toBe("malformed");
    }
  });

  test("a signature in the other encoding is refused", () => {
    const other = Buffer.from(mac, isHex ? "hex" : "base64").toString(isHex ? "base64" : "hex");
    expect(judge(preset, withHeader(genuine, header, write(other)), secret).reason).toBe("malformed");
  });

  test("an empty header is as good as none", () => {
    expect(judge(preset, withHeader(genuine, header, ""), secret).reason).toBe("missing_header");
  });

  test("a prefix without a signature is refused", () => {
    if (write("") === "") return;
    expect(judge(preset, withHeader(genuine, header, write("")), secret).reason).toBe("malformed");
  });

  test("two signature headers are refused, whichever is genuine and even when both are", () => {
    const forged = write(mac.replaceAll(/[^=]/g, "0"));
    for (const extra of [forged, value, ""]) {
      const after = { ...genuine, headers: [...genuine.headers, [header, extra] as const] };
      const before = { ...genuine, headers: [[header, extra] as const, ...genuine.headers] };
      expect(judge(preset, after, secret).reason).toBe("malformed");
      expect(judge(preset, before, secret).reason).toBe("malformed");
    }
  });

  test("the signature of another body is refused", () => {
    const other = signedSample(preset, secret, `${preset.sample.body}\n`);
    expect(judge(preset, { ...other, body: genuine.body }, secret).reason).toBe("mismatch");
  });

  test("a secret that differs in a blank is another secret", () => {
    expect(judge(preset, genuine, `${secret} `).reason).toBe("mismatch");
  });

  test("an empty body is verified like any other", () => {
    const empty = signedSample(preset, secret, "");
    expect(judge(preset, empty, secret).reason).toBe("ok");
    expect(judge(preset, { ...empty, body: Buffer.from("0") }, secret).reason).toBe("mismatch");
  });
});

test("base64 with stray bits in its last character is refused, although it decodes to the same bytes", () => {
  const preset = shippedPreset("shopify");
  const genuine = signedSample(preset, secret);
  const mac = findHeader(genuine.headers, "x-shopify-hmac-sha256")!;
  const last = mac.at(-2)!;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const stray = `${mac.slice(0, -2)}${alphabet[alphabet.indexOf(last) + 1]}=`;
  expect(Buffer.from(stray, "base64")).toEqual(Buffer.from(mac, "base64"));
  expect(judge(preset, withHeader(genuine, "x-shopify-hmac-sha256", stray), secret).reason).toBe("mismatch");
});

test("a prefix in another letter case is refused", () => {
  const preset = shippedPreset("github");
  const genuine = signedSample(preset, secret);
  const shouted = findHeader(genuine.headers, "x-hub-signature-256")!.replace("sha256=", "SHA256=");
  expect(judge(preset, withHeader(genuine, "x-hub-signature-256", shouted), secret).reason).toBe("malformed");
});

test("GitHub's older SHA-1 header does not stand in for the one that is verified", () => {
  const preset = shippedPreset("github");
  const { body } = signedSample(preset, secret);
  const sha1 = `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`;
  const headers: Headers = [["x-hub-signature", sha1]];
  expect(judge(preset, { headers, query: "", body }, secret).reason).toBe("missing_header");
});

test("a header of another letter case is not the header: names arrive in lower case", () => {
  const preset = shippedPreset("github");
  const genuine = signedSample(preset, secret);
  const headers = genuine.headers.map(([name, value]) => [name.toUpperCase(), value] as const);
  expect(judge(preset, { ...genuine, headers }, secret).reason).toBe("missing_header");
});

test("nothing is valid when the source does not say where its signature is", () => {
  const request = { ...signedSample(shippedPreset("generic"), secret), secrets: [secret], nowMs };
  expect(verify({ kind: "unverifiable" }, request)).toEqual({ valid: false, reason: "missing_header" });
});
