import type { Scope } from "../../access/scopes.ts";
import type { Route } from "../route.ts";
import { destinationTestRoute } from "./destination-test.ts";
import { destinationRoutes } from "./destinations.ts";
import { eventRoutes } from "./events.ts";
import type { KrafterParts } from "./parts.ts";
import { replayRoutes } from "./replays.ts";
import { sourceRoutes } from "./sources.ts";

/** All routes of the Krafter API, in the order in which they are documented. */
export const krafterRoutes = (parts: KrafterParts): readonly Route<Scope>[] => [
  ...sourceRoutes(parts),
  ...destinationRoutes(parts),
  destinationTestRoute(parts),
  ...eventRoutes(parts),
  ...replayRoutes(parts),
];
