import { expect, test } from "vitest";

import { answerHandshake } from "../../src/providers/handshake.ts";
import { shippedPreset } from "../support/presets.ts";

const slack = shippedPreset("slack").handshake;
const answerTo = (body: unknown): string | null => answerHandshake(slack, () => body);

test("Slack's url_verification is answered with its challenge", () => {
  const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
  expect(answerTo({ type: "url_verification", token: "x", challenge })).toBe(challenge);
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
  expect(answerTo(body)).toBeNull();
});

test("a sender without a handshake costs no parsing", () => {
  const answer = answerHandshake(null, () => {
    throw new Error("the body was read");
  });
  expect(answer).toBeNull();
});
