import { expect } from "vitest";

import type { TestGateway } from "../support/gateway.ts";

const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const sample = new RegExp(
  String.raw`^[a-zA-Z_:][\w:]*(?:\{(?:${label}(?:,${label})*)?\})? (?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$`,
);
const comment = /^# (?:HELP [a-zA-Z_:][\w:]* .*|TYPE [a-zA-Z_:][\w:]* (?:counter|gauge|histogram|summary|untyped))$/;

/** The lines of a metrics page that are not of Prometheus' text format. */
export const strayMetrics = (text: string): string[] =>
  text.split("\n").filter((line) => line !== "" && !sample.test(line) && !comment.test(line));

/** Nothing that was sent has left a trace on the gateway itself: it is ready, tells of itself, and met no fault. */
export const expectHealthy = async (gateway: TestGateway): Promise<void> => {
  expect(await gateway.request("GET", "/readyz", undefined, null)).toMatchObject({ status: 200, body: { ok: true } });
  const metrics = await gateway.request("GET", "/metrics", undefined, null);
  expect([metrics.status, strayMetrics(metrics.text)]).toEqual([200, []]);
  expect(gateway.log.entries().filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
  expect(gateway.gateway.budget.usedBytes).toBe(0);
};

/** Every text anywhere in what an answer holds. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const [name, inside] of Object.entries(value)) {
    yield name;
    yield* textsIn(inside);
  }
}

/** Texts of an answer that are not well-formed, so that the next program may choke on them. */
export const illFormedTexts = (value: unknown): string[] => [...textsIn(value)].filter((text) => !text.isWellFormed());

/** Those, and texts that not every store keeps. A sender's body may hold them; what people set may not. */
export const unstorableTexts = (value: unknown): string[] =>
  [...textsIn(value)].filter((text) => !text.isWellFormed() || text.includes("\0"));
