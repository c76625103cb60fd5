import type { Access } from "../../access/access.ts";
import type { Authenticate } from "../../access/authenticate.ts";
import type { RateLimit } from "../../access/rate-limit.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ForwardTime } from "../../lib/forward-time.ts";
import type { RoutingParts } from "../../routing/parts.ts";
import type { Transformer } from "../../transforms/transformer.ts";
import type { DeliveryPort } from "../delivery-port.ts";
import type { CheckUrl, EventReader, Replayer, SendTest } from "./ports.ts";

/** Everything that the Krafter API is made of. Each group of routes asks for what it uses. */
export type KrafterParts = {
  readonly routing: RoutingParts;
  /** Brings what is in memory up to date with all that was done before, here and elsewhere. */
  readonly freshen: () => Promise<void>;
  readonly authenticate: Authenticate;
  /** Counts requests by team. */
  readonly rateLimit: RateLimit;
  /** What a team may have. */
  readonly limitsOf: Access["limitsOf"];
  readonly clock: Pick<Clock, "nowMs">;
  readonly checkUrl: CheckUrl;
  readonly sendTest: SendTest;
  readonly delivery: DeliveryPort;
  /** What deliveries are due by. */
  readonly dueTime: Pick<ForwardTime, "nowMs">;
  readonly transforms: Pick<Transformer, "check">;
  readonly events: EventReader;
  readonly replays: Replayer;
  /** What `url` fields begin with. No slash at its end. */
  readonly publicUrl: string;
  /** The largest body of an event: a source may set less. */
  readonly bodyLimitBytes: number;
  /** What a destination waits for an answer when it does not say. */
  readonly deliveryTimeoutMs: number;
};
