const indexPattern = /^(0|[1-9]\d{0,8})$/;

/**
 * The value at a dot path (`data.object.id`, `items.0.sku`), or undefined. Only own properties count, so that
 * `constructor` or `__proto__` in a path finds what the sender sent and nothing else.
 */
export const readPath = (value: unknown, path: string): unknown => {
  let here = value;
  for (const key of path.split(".")) {
    if (typeof here !== "object" || here === null) return undefined;
    if (Array.isArray(here) && !indexPattern.test(key)) return undefined;
    if (!Object.hasOwn(here, key)) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
};
