/** What one look of the doctor came to. `warn` may be meant so; `fail` stops something. */
export type Check = { readonly level: "ok" | "warn" | "fail"; readonly what: string; readonly finding: string };

export const ok = (what: string, finding: string): Check => ({ level: "ok", what, finding });
export const warn = (what: string, finding: string): Check => ({ level: "warn", what, finding });
export const fail = (what: string, finding: string): Check => ({ level: "fail", what, finding });

/** What a check came to that may throw. */
export const orFail = async (what: string, check: () => Promise<readonly Check[]>): Promise<readonly Check[]> => {
  try {
    return await check();
  } catch (error) {
    return [fail(what, error instanceof Error ? error.message : String(error))];
  }
};
