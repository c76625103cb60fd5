const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0);

/**
 * The columns of `after` that differ from `before`. Only these are written: what another node or the gateway itself
 * changed meanwhile (a failure count) stays.
 */
export const changedColumns = <Row extends object>(before: Row, after: Row): Partial<Row> => {
  const changed: Partial<Row> = {};
  for (const column in after) {
    if (!isSame(before[column], after[column])) changed[column] = after[column];
  }
  return changed;
};
