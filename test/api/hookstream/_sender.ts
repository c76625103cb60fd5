import { expect } from "vitest";

import { http } from "../../../harness/http.ts";
import { findHeader } from "../../../src/lib/headers.ts";
import { readId } from "../../../src/lib/ids.ts";
import type { Preset } from "../../../src/providers/preset.ts";
import { type SampleRequest, signSample } from "../../../src/providers/sign.ts";
import type { TestGateway } from "../../support/gateway.ts";
import { callerOf } from "../../support/hookstream.ts";
import { makeSource } from "../../support/journey.ts";
import { senderKey, sourceSecret } from "../../support/presets.ts";

/** What both sides know; of a pair of keys, what it is made of. */
export const secret = "the source's secret";

/** What it is answered. */
export type Answer = { readonly status: number; readonly headers: Record<string, unknown>; readonly text: string };

/** A source made from a template, and its sender. */
export type Sender = {
  /** What the sender calls. */
  readonly url: string;
  /** What it would send, signed that long ago. */
  sign(agoSeconds?: number, body?: Buffer, url?: string): SampleRequest;
  send(request: Partial<SampleRequest>, method?: string): Promise<Answer>;
  /** How the events that are stored verify, the newest first. */
  stored(): Promise<readonly string[]>;
};

const senderTo = (
  gateway: TestGateway,
  preset: Preset,
  { id, url }: { readonly id: string; readonly url: string },
): Sender => ({
  url,
  sign: (agoSeconds = 0, body, called = url) => {
    const nowMs = gateway.clock.nowMs() - agoSeconds * 1000;
    return signSample(preset, { secret: senderKey(preset, secret), nowMs, url: called }, body);
  },
  send: async ({ headers = [], query = "", body }, method = "POST") => {
    // None of these senders says a thing twice.
    const sent = Object.fromEntries(headers);
    const called = `${gateway.url}${new URL(url).pathname}${query === "" ? "" : `?${query}`}`;
    const answer = await http(called, { method, headers: sent, body });
    return { status: answer.status, headers: answer.headers, text: answer.body.toString() };
  },
  stored: async () => {
    const events = await gateway.request("GET", `/webhooks/sources/${id}/events`);
    const listed: readonly { signature_valid: boolean }[] = events.body.data;
    return listed.map(({ signature_valid: isValid }) => (isValid ? "verified" : "failed"));
  },
});

/** The sender of a source that the hookstream API makes of a template. */
export const openSender = async (gateway: TestGateway, preset: Preset): Promise<Sender> => {
  const made = await callerOf(gateway)("POST", "/v1/sources", {
    body: {
      name: preset.title,
      slug: preset.name.replaceAll("_", "-"),
      template: preset.name,
      verification_secret: sourceSecret(preset, secret),
    },
  });
  const { source } = made.body;
  expect([made.status, source?.verification_enabled, made.text]).toEqual([201, 1, made.text]);
  return senderTo(gateway, preset, { id: readId(source.id)!, url: source.ingest_url });
};

/** The sender of a source that the Krafter API makes. */
export const openKrafterSender = async (gateway: TestGateway, preset: Preset): Promise<Sender> => {
  const held = sourceSecret(preset, secret);
  const { id, url } = await makeSource(gateway, { provider: preset.name, signing_secret: held });
  return senderTo(gateway, preset, { id, url });
};

const signaturePattern = /[0-9a-f]{40,128}|[A-Za-z0-9+/]{26,}={0,2}/;

/** Hex where it was base64 and the other way round; what is no signature in base64. */
export const inOtherEncoding = (value: string): string => {
  const [mac] = signaturePattern.exec(value) ?? [];
  if (mac === undefined) return Buffer.from(value).toString("base64");
  const isHex = /^[0-9a-f]+$/.test(mac);
  return value.replace(mac, Buffer.from(mac, isHex ? "hex" : "base64").toString(isHex ? "base64" : "hex"));
};

/** Where the sender's proof stands. */
type Place = { readonly in: "header" | "query"; readonly name: string } | { readonly in: "body" };

const placeOf = ({ verification }: Preset): Place => {
  switch (verification.kind) {
    case "hmac":
    case "public_key":
      return { in: "header", name: verification.header };
    case "standard_webhooks":
      return { in: "header", name: `${verification.prefix}-signature` };
    case "token":
      return verification.place;
    case "basic":
    case "bearer":
    case "jwt":
      return { in: "header", name: "authorization" };
    case "body_proof":
      return { in: "body" };
    case "unverifiable":
      throw new Error("there is no proof to change");
  }
};

/** A request with another proof, or with none. */
export const changeProof = (
  preset: Preset,
  request: SampleRequest,
  change: (proof: string) => string | null,
): SampleRequest => {
  const place = placeOf(preset);
  switch (place.in) {
    case "header": {
      const value = change(findHeader(request.headers, place.name)!);
      const others = request.headers.filter(([name]) => name !== place.name);
      return { ...request, headers: value === null ? others : [...others, [place.name, value]] };
    }
    case "query": {
      const value = change(new URLSearchParams(request.query).get(place.name)!);
      const query = value === null ? "" : new URLSearchParams([[place.name, value]]).toString();
      return { ...request, query };
    }
    case "body": {
      const { signature, ...rest } = JSON.parse(request.body.toString());
      const value = change(signature.signature);
      const changed = { ...rest, signature: { ...signature, signature: value ?? undefined } };
      return { ...request, body: Buffer.from(JSON.stringify(changed)) };
    }
  }
};

/** Zeros where the signature was; a secret with something behind it. */
export const forge = (proof: string): string =>
  signaturePattern.test(proof) ? proof.replace(signaturePattern, (mac) => mac.replaceAll(/[^=]/g, "0")) : `${proof}x`;
