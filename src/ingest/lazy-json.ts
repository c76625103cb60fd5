/** The parsed JSON body, or undefined when it is not JSON. Parsed once, when it is first asked for. */
export const lazyJson = (body: Buffer): (() => unknown) => {
  let parsed: { value: unknown } | null = null;
  return () => {
    if (parsed !== null) return parsed.value;
    try {
      parsed = { value: JSON.parse(body.toString("utf8")) };
    } catch {
      parsed = { value: undefined };
    }
    return parsed.value;
  };
};
