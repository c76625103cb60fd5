import type { HookstreamParts } from "./parts.ts";
import { refusedRoutes } from "./refused-requests.ts";
import type { Route } from "./route.ts";
import { claimRoutes } from "./session-claim.ts";
import { sessionRoutes } from "./sessions.ts";
import { sourceRoutes } from "./sources.ts";
import { templateRoutes } from "./templates.ts";

const testRoutes = (parts: HookstreamParts): readonly Route[] => {
  const { sessions } = parts;
  return sessions === null ? [] : [...sessionRoutes({ ...parts, sessions }), ...claimRoutes({ ...parts, sessions })];
};

/** All routes of the hookstream API, in the order in which they are documented. */
export const hookstreamRoutes = (parts: HookstreamParts): readonly Route[] => [
  ...sourceRoutes(parts),
  ...templateRoutes(parts),
  ...refusedRoutes(parts),
  ...testRoutes(parts),
];
