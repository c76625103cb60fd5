import { apiKeyRoutes } from "./api-keys.ts";
import { attemptRoutes } from "./attempts.ts";
import { circuitRoutes } from "./circuits.ts";
import { connectionTestRoutes } from "./connection-test.ts";
import { connectionRoutes } from "./connections.ts";
import { destinationRoutes } from "./destinations.ts";
import { environmentRoutes } from "./environments.ts";
import { eventRoutes } from "./events.ts";
import type { HookstreamParts } from "./parts.ts";
import { peopleRoutes } from "./people.ts";
import { refusedRoutes } from "./refused-requests.ts";
import { replayJobRoutes } from "./replay-jobs.ts";
import { retryRoutes } from "./retries.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./session.ts";
import { sourceRoutes } from "./sources.ts";
import { templateRoutes } from "./templates.ts";
import { testSessionClaimRoutes } from "./test-session-claim.ts";
import { testSessionRoutes } from "./test-sessions.ts";

const testRoutes = (parts: HookstreamParts): readonly Route[] => {
  const { testSessions } = parts;
  return testSessions === null
    ? []
    : [...testSessionRoutes({ ...parts, testSessions }), ...testSessionClaimRoutes({ ...parts, testSessions })];
};

/** All routes of the hookstream API, in the order in which they are documented. */
export const hookstreamRoutes = (parts: HookstreamParts): readonly Route[] => [
  ...sourceRoutes(parts),
  ...templateRoutes(parts),
  ...refusedRoutes(parts),
  ...destinationRoutes(parts),
  ...circuitRoutes(parts),
  ...connectionRoutes(parts),
  ...connectionTestRoutes(parts),
  ...testRoutes(parts),
  ...eventRoutes(parts),
  ...retryRoutes(parts),
  ...attemptRoutes(parts),
  ...replayJobRoutes(parts),
  ...environmentRoutes(parts),
  ...apiKeyRoutes(parts),
  ...peopleRoutes(parts),
  ...sessionRoutes(parts),
];
