import type { Source } from "./source.ts";

/** A source, and how many destinations it has. */
export type CountedSource = { readonly source: Source; readonly destinationsCount: number };
