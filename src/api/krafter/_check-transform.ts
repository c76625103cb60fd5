import { settleTransform, type TransformSettings, type TransformWish } from "../../routing/decide-connection.ts";
import { expressionProblem } from "../expression-problem.ts";
import { invalid, type Outcome, type Owner, unavailable } from "../route.ts";
import { messages } from "./_validation.ts";
import type { KrafterParts } from "./parts.ts";

/** What a body changes of a transform, or the answer that says why it changes nothing. */
export type CheckedTransform =
  | { readonly kind: "valid"; readonly value: Partial<TransformSettings> }
  | { readonly kind: "refused"; readonly outcome: Outcome };

const refused = (problem: string): CheckedTransform => ({
  kind: "refused",
  outcome: invalid({ transform_expression: [problem] }),
});

/** Settles what a body says of a transform, and has its expression looked at. */
export const checkTransform = async (
  { transforms }: Pick<KrafterParts, "transforms">,
  owner: Owner,
  wish: TransformWish,
  now: TransformSettings,
): Promise<CheckedTransform> => {
  const value = settleTransform(wish, now);
  if (value === null) return refused(messages.blank);
  const problem = await expressionProblem(transforms, owner, value);
  if (problem === null) return { kind: "valid", value };
  if (problem.kind === "failed") return refused(problem.error);
  return { kind: "refused", outcome: unavailable(`The expression cannot be checked now: ${problem.message}`) };
};
