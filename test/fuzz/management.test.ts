import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { WireAnswer } from "../support/wire.ts";
import { expectHealthy, unstorableTexts } from "./_health.ts";
import { type ManagementRequest, requestTo } from "./_management-requests.ts";
import { type ManagementStage, openManagementStage } from "./_management-stage.ts";
import { time, tries } from "./_runs.ts";

/** What an answer's body holds; it is JSON in UTF-8, or nothing at all. */
const contentOf = ({ headers, body }: WireAnswer): unknown => {
  if (body === "") return undefined;
  expect(headers["content-type"]).toMatch(/^application\/json(; charset=utf-8)?$/);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(body, "latin1"));
  return JSON.parse(text);
};

/** What a refusal may hold: a sentence, and what is wrong with each field. */
const expectRefusal = (status: number, content: unknown): void => {
  expect(content).toMatchObject({ error: expect.stringMatching(/^[A-Z]/) });
  if (status !== 422 || !Object.hasOwn(content as object, "details")) return;
  const { details } = content as { details: Record<string, unknown> };
  for (const messages of Object.values(details)) expect(messages).toEqual(expect.arrayContaining([expect.any(String)]));
};

const expectProper = ({ route, method, isAuthorized }: ManagementRequest, answer: WireAnswer): void => {
  const { status, headers } = answer;
  if (status >= 500) expect([status, headers["retry-after"]]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers["content-length"] ?? "0").toMatch(/^\d+$/);
  if (method === "HEAD") return;
  const content = contentOf(answer);
  expect(unstorableTexts(content)).toEqual([]);
  if (!isAuthorized && method !== "OPTIONS") expect([400, 401, 404, 431]).toContain(status);
  if (status === 200 && method === "OPTIONS") return;
  const documented = method === route.method ? route.answers[status]?.body?.safeParse(content) : undefined;
  // Some refusals are documented by their route: a test that did not reach its destination.
  if (status >= 400 && documented?.success !== true) expectRefusal(status, content);
  else expect(documented?.error).toBeUndefined();
};

type Made = { readonly data?: Readonly<Record<string, unknown>> };

/** Texts that were taken are kept as they were sent. */
const expectKept = ({ body }: ManagementRequest, stage: ManagementStage, answer: WireAnswer): void => {
  if (answer.status !== 201 && answer.status !== 200) return;
  const sent = JSON.parse(
    Buffer.from(stage.fill(body) || "{}", "latin1")
      .toString("utf8")
      .replace(/^\ufeff/, ""),
  ) as object;
  const { data = {} } = contentOf(answer) as Made;
  for (const name of ["name", "url", "event_filter"]) {
    if (Object.hasOwn(sent, name) && Object.hasOwn(data, name)) expect(data[name]).toEqual(Reflect.get(sent, name));
  }
};

const ask = async (stage: ManagementStage, request: ManagementRequest): Promise<void> => {
  let answer: WireAnswer | null = null;
  try {
    answer = await stage.say(request);
    expect(answer).not.toBeNull();
    expectProper(request, answer!);
    if (request.method !== "GET" && request.method !== "HEAD") expectKept(request, stage, answer!);
  } catch (cause) {
    const { method, target, headers, body } = request;
    const said = JSON.stringify([method, target.slice(0, 500), headers, body.slice(0, 2_000)]);
    throw new Error(`${String(cause)}; heard ${JSON.stringify(answer)}; sent ${said}`, { cause });
  }
};

test("every route answers whatever it is sent as it is documented, or says what is wrong", time, async () => {
  const stage = await openManagementStage();
  const { gateway } = stage;
  const requests = fc.tuple(...gateway.routes.map(requestTo));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(gateway.routes.map((_, at) => at)), requests, async (order, each) => {
      await Promise.all(order.map((at) => ask(stage, each[at]!)));
      await stage.tidy();
    }),
    tries(60),
  );
  for (const { path } of gateway.routes.filter(({ method }) => method === "GET")) {
    const listed = await gateway.request(
      "GET",
      stage.fill(path.replace(":source_id", "<source>").replace(/:\w+/, "x")),
    );
    expect([path, listed.status]).toEqual([path, path.includes(":id") || path.includes(":event_id") ? 404 : 200]);
  }
  await expectHealthy(gateway);
  await stage.close();
});
