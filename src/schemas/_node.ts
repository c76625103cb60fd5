import { createMarks, type Marks, mergeMarks } from "./_marks.ts";
import type { Resource } from "./_resource.ts";
import type { Run } from "./_run.ts";

/** One keyword, ready to look at values. Marks what it looked at in `marks`, unless that is null. */
export type Check = (value: unknown, run: Run, marks: Marks | null) => boolean;

/** A schema that is ready to look at values. */
export type Node = {
  readonly resource: Resource;
  /** Filled after the node is made: schemas refer to each other in circles. In the order in which they are looked at. */
  readonly checks: Check[];
  /** Schemas that look at the same value as this one, as far as that is known before there is a value. */
  readonly besides: Node[];
  /** Whether one of the checks asks what the others looked at. */
  asksForMarks: boolean;
};

/** Whether `value` is as `node` says. */
export const evaluate = (node: Node, value: unknown, run: Run, marks: Marks | null): boolean => {
  if (!run.spend(node.checks.length + 1) || !run.enter()) return false;
  const isInside = run.scope.at(-1) === node.resource;
  if (!isInside) run.scope.push(node.resource);
  const own = node.asksForMarks ? createMarks() : marks;
  let isValid = true;
  for (const check of node.checks) {
    if (check(value, run, own)) continue;
    isValid = false;
    if (!run.wantsMore()) break;
  }
  if (isValid) mergeMarks(marks, own, run);
  if (!isInside) run.scope.pop();
  run.leave();
  return isValid;
};

/** The same for a member or an item of the value that is looked at. */
export const evaluateBelow = (node: Node, value: unknown, run: Run, token: string | number): boolean => {
  run.down(token);
  const isValid = evaluate(node, value, run, null);
  run.up();
  return isValid;
};
