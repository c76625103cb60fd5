import { z } from "zod";

import type { SessionResponse } from "../../routing/source.ts";
import { textField } from "../fields.ts";

const bodyCharsMax = 16_384;

const contentTypes = ["text/plain", "application/json", "application/xml"] as const;

/** What to change of the answer of a session's URL. Null resets a field; all three, the whole answer. */
export const sessionResponseFields: z.ZodType<{
  readonly status?: number | null | undefined;
  readonly content_type?: string | null | undefined;
  readonly body?: string | null | undefined;
}> = z.object({
  status: z.int().min(200).max(599).nullish(),
  content_type: z.enum(contentTypes).nullish(),
  body: textField(bodyCharsMax).nullish(),
});

const plain: SessionResponse = { status: 200, contentType: "text/plain", body: "" };

/** The answer after a change; null when nothing of one is left. */
export const changeResponse = (
  before: SessionResponse | null,
  { status, content_type: contentType, body }: z.output<typeof sessionResponseFields>,
): SessionResponse | null => {
  if (status === null && contentType === null && body === null) return null;
  const now = before ?? plain;
  return {
    status: status === undefined ? now.status : (status ?? plain.status),
    contentType: contentType === undefined ? now.contentType : (contentType ?? plain.contentType),
    body: body === undefined ? now.body : (body ?? plain.body),
  };
};
