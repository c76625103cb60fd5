import type { TransformSettings } from "../routing/decide-connection.ts";
import type { ExpressionProblem, Transformer } from "../transforms/transformer.ts";
import type { Owner } from "./route.ts";

/** What keeps an expression from being kept. Null: it can be read, or none is to be kept. */
export const expressionProblem = async (
  transforms: Pick<Transformer, "check">,
  { teamId }: Owner,
  { transformExpression }: Partial<TransformSettings>,
): Promise<ExpressionProblem | null> =>
  transformExpression === undefined || transformExpression === null
    ? null
    : transforms.check(teamId, transformExpression);
