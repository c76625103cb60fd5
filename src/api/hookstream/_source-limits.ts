import { sourcesMax } from "../../routing/limits.ts";
import { forbidden, type Outcome } from "./route.ts";

/** What a source is refused with where there are as many as there may be. */
export const fullOutcome: Readonly<Record<"environment" | "team", Outcome>> = {
  environment: forbidden(`Plan limit reached: an environment has at most ${sourcesMax} sources`),
  team: forbidden("Plan limit reached: the organization has as many sources as it may have"),
};
