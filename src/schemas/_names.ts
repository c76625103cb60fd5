import type { JsonObject } from "./_json.ts";
import type { Run } from "./_run.ts";

/** Naming a member, finding and remembering it takes about this many units of work: large objects are tables. */
export const workPerName = 5;

/** The names of the members of `object`; none once nothing more may be done. */
export const namesIn = (object: JsonObject, run: Run): readonly string[] => {
  const names = Object.keys(object);
  return run.spend(names.length * workPerName) ? names : [];
};
