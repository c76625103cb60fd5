import type { Id } from "../lib/ids.ts";

/** Who owns what is asked for. Every query takes both. */
export type Scope = { readonly teamId: Id; readonly envId: Id };
