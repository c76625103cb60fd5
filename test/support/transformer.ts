import { onTestFinished } from "vitest";

import { systemClock, type Clock } from "../../src/lib/clock.ts";
import type { TransformInput, Transformed } from "../../src/transforms/transform.ts";
import { createTransformer, type Transformer } from "../../src/transforms/transformer.ts";

/** Expressions run until the test is over. */
export const startTransformer = (clock: Pick<Clock, "after" | "monotonicMs"> = systemClock): Transformer => {
  const transformer = createTransformer(clock);
  onTestFinished(() => transformer.close());
  return transformer;
};

/** What an expression is given beside a body. */
export const inputOf = (body: string, over: Partial<TransformInput> = {}): TransformInput => ({
  body: Buffer.from(body),
  headers: [
    ["content-type", "application/json"],
    ["x-tag", "a"],
    ["x-tag", "b"],
  ],
  method: "PUT",
  query: "page=2&tag=x&tag=y",
  event: { id: "e", source_id: "s", type: "order.paid", received_at: "2027-01-15T08:00:30Z" },
  ...over,
});

/** The object that an expression made, or the text that it failed with, or that it was not tried. */
export const outcomeOf = (result: Transformed): unknown => {
  if (result.kind === "transformed") return JSON.parse(Buffer.from(result.body).toString());
  return result.kind === "failed" ? result.error : result.message;
};
