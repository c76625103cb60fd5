import type { Node } from "./_node.ts";

/** Whether one of all `nodes` would look at the same value again and again. */
export const goesInCircles = (nodes: Iterable<Node>): boolean => {
  const open = new Map<Node, number>();
  const referrers = new Map<Node, Node[]>();
  for (const node of nodes) {
    open.set(node, node.besides.length);
    for (const beside of node.besides) referrers.set(beside, [...(referrers.get(beside) ?? []), node]);
  }
  // Whatever only refers to what ends, ends.
  const ending = [...open].filter(([, count]) => count === 0).map(([node]) => node);
  for (const node of ending) {
    for (const referrer of referrers.get(node) ?? []) {
      const count = (open.get(referrer) ?? 0) - 1;
      open.set(referrer, count);
      if (count === 0) ending.push(referrer);
    }
  }
  return ending.length < open.size;
};
