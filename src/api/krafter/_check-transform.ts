import { settleTransform, type TransformSettings, type TransformWish } from "../../routing/decide-connection.ts";
import { expressionProblem } from "../expression-problem.ts";
import type { Owner } from "../route.ts";
import { type Checked, messages } from "./_validation.ts";
import type { KrafterParts } from "./parts.ts";

const refused = (problem: string): Checked<never> => ({
  kind: "invalid",
  details: { transform_expression: [problem] },
});

/** What a body changes of a transform, or what is wrong with its expression. */
export const checkTransform = async (
  { transforms }: Pick<KrafterParts, "transforms">,
  owner: Owner,
  wish: TransformWish,
  now: TransformSettings,
): Promise<Checked<Partial<TransformSettings>>> => {
  const value = settleTransform(wish, now);
  if (value === null) return refused(messages.blank);
  const problem = await expressionProblem(transforms, owner, value);
  return problem === null ? { kind: "valid", value } : refused(problem);
};
