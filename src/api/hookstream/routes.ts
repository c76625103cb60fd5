import type { HookstreamParts } from "./parts.ts";
import type { Route } from "./route.ts";
import { templateRoutes } from "./templates.ts";

/** All routes of the hookstream API, in the order in which they are documented. */
export const hookstreamRoutes = (parts: HookstreamParts): readonly Route[] => [...templateRoutes(parts)];
