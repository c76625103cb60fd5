import { createHmac } from "node:crypto";

import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";

import { type RequestParts, webhookIdOf } from "../../src/delivery/request-parts.ts";
import { buildRequest, type OutgoingRequest } from "../../src/delivery/request.ts";
import type { Event, Payload } from "../../src/events/event.ts";
import { allHeaders, findHeader } from "../../src/lib/headers.ts";
import { verify } from "../../src/providers/verify.ts";
import { plainOutgoing } from "../../src/routing/outgoing.ts";
import { judge, shippedPreset, signedSample, nowMs as sampleMs } from "../support/presets.ts";
import { ids, newDestination, newEvent, newPayload } from "../support/records.ts";

const nowMs = Date.UTC(2027, 0, 15, 8, 0, 30, 999);
const secret = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const olderSecret = `whsec_${Buffer.alloc(32, 6).toString("base64")}`;
const sourceSecret = "the source's own secret";
const names = { headerPrefix: "krafter", userAgent: "Postern/1" };
const delivery = { id: ids.next(), connectionId: ids.next(), isReplay: false };
const attempt = { id: ids.next(), number: 1, nowMs };

type Over = Partial<Omit<RequestParts, "event" | "payload" | "delivery" | "attempt" | "destination">> & {
  event?: Partial<Event>;
  payload?: Partial<Payload>;
  delivery?: Partial<RequestParts["delivery"]>;
  attempt?: Partial<RequestParts["attempt"]>;
  destination?: Partial<RequestParts["destination"]>;
};

const build = (over: Over = {}): OutgoingRequest & { event: Event } => {
  const event = newEvent(over.event);
  const request = buildRequest({
    names,
    preset: shippedPreset("github"),
    sourceSecret,
    secrets: [secret],
    outgoing: plainOutgoing,
    transformed: null,
    ...over,
    event,
    payload: newPayload(over.payload),
    destination: newDestination(over.destination),
    delivery: { ...delivery, ...over.delivery },
    attempt: { ...attempt, ...over.attempt },
  });
  return { ...request, event };
};

const bodies = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));

test("invariant 4: the bytes that are sent are the bytes that were stored, and both signatures are over them", () => {
  fc.assert(
    fc.property(bodies, (body) => {
      const { headers, body: sent, event } = build({ payload: { body } });
      expect(body.equals(sent)).toBe(true);
      expect(findHeader(headers, "x-krafter-signature")).toBe(
        `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      );
      const signed = createHmac("sha256", Buffer.alloc(32, 5))
        .update(`${webhookIdOf(event.id, delivery.connectionId)}.${Math.floor(nowMs / 1000)}.`)
        .update(body);
      expect(findHeader(headers, "webhook-signature")).toBe(`v1,${signed.digest("base64")}`);
    }),
  );
});

test("a request tells what it is, and a Standard Webhooks library believes it", () => {
  const body = Buffer.from(`{"type":"order.created","n":12345678901234567890}`);
  const { headers, event } = build({
    payload: {
      body,
      headers: [
        ["content-type", "application/json"],
        ["x-github-event", "push"],
      ],
    },
    event: { eventType: "push" },
    attempt: { number: 3 },
  });
  const webhookId = webhookIdOf(event.id, delivery.connectionId);
  const own = Object.fromEntries(headers);
  expect(own).toEqual({
    "content-type": "application/json",
    "x-github-event": "push",
    "x-krafter-event": "push",
    "x-krafter-webhook-id": attempt.id,
    "webhook-id": webhookId,
    "webhook-timestamp": String(Math.floor(nowMs / 1000)),
    "x-krafter-signature": expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    "x-krafter-delivery-id": delivery.id,
    "x-krafter-attempt": "3",
    "user-agent": "Postern/1",
  });
  expect(new Set(headers.map(([name]) => name)).size).toBe(headers.length);
  const { "webhook-signature": signature, "webhook-id": id } = own;
  const now = Math.floor(Date.now() / 1000);
  const fresh = Object.fromEntries(build({ payload: { body }, attempt: { nowMs: now * 1000 }, event }).headers);
  expect(() => new Webhook(secret).verify(body.toString(), fresh)).not.toThrow();
  expect(() =>
    new Webhook(secret).verify(body.toString(), { ...fresh, "webhook-signature": signature!, "webhook-id": id! }),
  ).toThrow("No matching signature");
});

test("the webhook id is the same for every attempt and replay along a connection, and another along another one", () => {
  const { event } = build();
  const idOf = (over: Over) => findHeader(build({ ...over, event }).headers, "webhook-id");
  const same = [
    idOf({}),
    idOf({ attempt: { id: ids.next(), number: 4 } }),
    idOf({ delivery: { id: ids.next(), isReplay: true } }),
  ];
  expect(new Set(same).size).toBe(1);
  expect(idOf({ delivery: { connectionId: ids.next() } })).not.toBe(same[0]);
  expect(findHeader(build().headers, "webhook-id")).not.toBe(same[0]);
});

test("without a secret nothing is signed; during a rotation both secrets sign the standard header", () => {
  const bare = build({ secrets: [] }).headers.map(([name]) => name);
  expect(bare).not.toContain("x-krafter-signature");
  expect(bare).not.toContain("webhook-signature");
  const rotated = build({ secrets: [secret, olderSecret] }).headers;
  expect(findHeader(rotated, "webhook-signature")?.split(" ")).toHaveLength(2);
  expect(allHeaders(rotated, "x-krafter-signature")).toHaveLength(1);
});

test.for([
  [null, "unknown"],
  ["", "unknown"],
  ["order created", "order created"],
  ["line\r\nx-evil: 1", "line%0D%0Ax-evil: 1"],
  ["größe ☃", "gr%C3%B6%C3%9Fe %E2%98%83"],
] as const)("an event of type %j is announced as %j", ([eventType, announced]) => {
  expect(findHeader(build({ event: { eventType } }).headers, "x-krafter-event")).toBe(announced);
});

describe("the content type", () => {
  test.for([
    ["is the sender's", [["content-type", "text/plain"]], ["text/plain"]],
    ["is JSON when the sender gave none", [], ["application/json"]],
    [
      "is the first of two",
      [
        ["content-type", "text/plain"],
        ["content-type", "text/html"],
      ],
      ["text/plain"],
    ],
  ] as const)("%s", ([_, headers, expected]) => {
    expect(allHeaders(build({ payload: { headers } }).headers, "content-type")).toEqual(expected);
  });
});

test("an envelope is JSON whatever was in it, and is what is signed", () => {
  const { headers, body, event } = build({
    destination: { payloadFormat: "envelope" },
    payload: {
      body: Buffer.from("a=1"),
      headers: [
        ["content-type", "application/x-www-form-urlencoded"],
        ["content-encoding", "identity"],
        ["x-github-event", "push"],
      ],
    },
  });
  expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ data: "a=1", event_id: event.id });
  expect(allHeaders(headers, "content-type")).toEqual(["application/json"]);
  expect(findHeader(headers, "content-encoding")).toBeUndefined();
  expect(findHeader(headers, "x-github-event")).toBe("push");
  expect(findHeader(headers, "x-krafter-signature")).toBe(
    `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  );
});

test("when the source is gone, none of the sender's own headers goes on but those that describe the body", () => {
  const headers = [
    ["content-type", "text/plain"],
    ["x-github-event", "push"],
    ["x-trace", "1"],
  ] as const;
  const { headers: sent } = build({
    preset: null,
    sourceSecret: null,
    payload: { headers },
    destination: { forwardHeaders: ["x-trace"] },
  });
  expect(sent.slice(0, 2)).toEqual([
    ["content-type", "text/plain"],
    ["x-trace", "1"],
  ]);
  expect(findHeader(sent, "x-github-event")).toBeUndefined();
});

describe("a provider's signature with a time", () => {
  const stripe = shippedPreset("stripe");
  const sample = signedSample(stripe, sourceSecret);
  /** What the provider's own check says of what goes out, a day after it came. */
  const lateMs = sampleMs + 86_400_000;
  const reasonOf = (over: Over): string => {
    const { headers, body } = build({
      preset: stripe,
      payload: sample,
      event: { signatureValid: true },
      ...over,
      attempt: { nowMs: lateMs, ...over.attempt },
    });
    const signature = findHeader(headers, "stripe-signature") ?? "";
    const isStored = signature === findHeader(sample.headers, "stripe-signature");
    const verdict = judgeAt(headers, body, lateMs);
    return `${isStored ? "as it came" : "made again"}: ${verdict}`;
  };
  const judgeAt = (headers: OutgoingRequest["headers"], body: Uint8Array, atMs: number): string =>
    verify(stripe.verification, { headers, query: "", body, secrets: [sourceSecret], nowMs: atMs }).reason;

  test.for([
    ["stays on the first attempt", {}, "as it came: stale"],
    ["is made again on the second", { attempt: { number: 2 } }, "made again: ok"],
    ["is made again on a replay", { delivery: { isReplay: true } }, "made again: ok"],
    [
      "stays when the destination does not want it",
      { attempt: { number: 2 }, destination: { resign: false } },
      "as it came: stale",
    ],
    [
      "stays when the event was not valid: no forgery becomes genuine",
      { attempt: { number: 2 }, event: { signatureValid: false } },
      "as it came: stale",
    ],
    ["stays when the source's secret is gone", { attempt: { number: 2 }, sourceSecret: null }, "as it came: stale"],
    [
      "stays when the body is another one",
      { attempt: { number: 2 }, destination: { payloadFormat: "envelope" } },
      "as it came: mismatch",
    ],
  ] as const satisfies readonly (readonly [string, Over, string])[])("%s", ([_, over, expected]) => {
    expect(reasonOf(over)).toBe(expected);
  });

  test("without a time stays as it came", () => {
    const github = shippedPreset("github");
    const request = signedSample(github, sourceSecret);
    const { headers } = build({ preset: github, payload: request, attempt: { number: 3 } });
    expect(findHeader(headers, "x-hub-signature-256")).toBe(findHeader(request.headers, "x-hub-signature-256"));
    expect(judge(github, { ...request, headers }, sourceSecret).reason).toBe("ok");
  });

  test("of Standard Webhooks moves aside for ours, and is made again there", () => {
    const standard = shippedPreset("standard_webhooks");
    const request = signedSample(standard, sourceSecret);
    const { headers, event } = build({ preset: standard, payload: request, attempt: { number: 2 } });
    expect(findHeader(headers, "x-original-webhook-id")).toBe(standard.sample.deliveryId);
    expect(findHeader(headers, "webhook-id")).toBe(webhookIdOf(event.id, delivery.connectionId));
    const moved = headers
      .filter(([name]) => name.startsWith("x-original-"))
      .map(([name, value]) => [name.slice("x-original-".length), value] as const);
    const verdict = verify(standard.verification, {
      headers: moved,
      query: "",
      body: request.body,
      secrets: [sourceSecret],
      nowMs,
    });
    expect(verdict.reason).toBe("ok");
    expect(allHeaders(headers, "webhook-signature")).toHaveLength(1);
  });
});
