import type { Id } from "../lib/ids.ts";
import { slugOf } from "./slug.ts";

/** A part of a team that has sources, destinations, events and keys of its own. */
export type Environment = {
  readonly id: Id;
  readonly teamId: Id;
  readonly name: string;
  readonly slug: string;
  /** Whether it is the one that counts when none is named. */
  readonly isDefault: boolean;
  readonly createdAtMs: number;
};

/** The slug of one that was given none. */
export const slugOfEnvironment = (name: string): string => slugOf(name, "environment");
