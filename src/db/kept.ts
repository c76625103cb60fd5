/** What processes keep in memory of the store. Each part has a version, which grows with every change that others must see. */
export type Kept = "routing" | "access" | "replays";

/** All of it, in the order in which their locks are taken. */
export const allKept: readonly Kept[] = ["routing", "access", "replays"];
