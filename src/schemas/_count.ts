import type { Site } from "./_site.ts";

/** The value of a keyword that counts something, 0 or more; else it is refused. */
export const countOf = ({ value, refuse }: Pick<Site, "value" | "refuse">): number | null =>
  typeof value === "number" && Number.isInteger(value) && value >= 0
    ? value
    : refuse("must be a whole number, 0 or more");
