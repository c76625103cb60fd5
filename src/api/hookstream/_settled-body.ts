import { z } from "zod";

import type { Settled } from "./_settled.ts";

/** A body whose fields are judged together once each of them is what it should be. */
export const settledBody = <Sent, Value>(
  fields: z.ZodType<Sent>,
  settle: (sent: Sent) => Settled<Value>,
): z.ZodType<Value> =>
  fields.transform((sent, context) => {
    const result = settle(sent);
    if (result.kind === "settled") return result.value;
    context.addIssue({ code: "custom", path: [result.field], message: result.message });
    return z.NEVER;
  });
