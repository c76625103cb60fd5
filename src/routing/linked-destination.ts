import type { Connection } from "./connection.ts";
import type { Destination } from "./destination.ts";

/** A destination as one source sees it: itself, and the connection that leads to it. */
export type LinkedDestination = { readonly destination: Destination; readonly connection: Connection };
