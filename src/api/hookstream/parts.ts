import type { Access } from "../../access/access.ts";
import type { RateLimit } from "../../access/rate-limit.ts";
import type { Accounts } from "../../accounts/accounts.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ForwardTime } from "../../lib/forward-time.ts";
import type { AddressSet } from "../../lib/ip.ts";
import type { Replays } from "../../replay/replays.ts";
import type { RoutingParts } from "../../routing/parts.ts";
import type { Transformer } from "../../transforms/transformer.ts";
import type { DeliveryPort } from "../delivery-port.ts";
import type {
  AttemptsPort,
  AuthenticateHead,
  CheckUrl,
  ChoosePlace,
  EventsPort,
  ReadCounts,
  ReadRefused,
  TestSessionPort,
} from "./ports.ts";

/** Everything that the hookstream API is made of. Each group of routes asks for what it uses. */
export type HookstreamParts = {
  readonly routing: RoutingParts;
  readonly access: Access;
  readonly accounts: Accounts;
  /** Brings what is in memory up to date with all that was done before, here and elsewhere. */
  readonly freshen: () => Promise<void>;
  readonly authenticate: AuthenticateHead;
  readonly choosePlace: ChoosePlace;
  /** Counts requests by organization. */
  readonly rateLimit: RateLimit;
  /** Counts requests of those who are nobody's, by address. */
  readonly strangerLimit: RateLimit;
  readonly trustedProxies: AddressSet;
  readonly clock: Pick<Clock, "nowMs">;
  /** What deliveries are due by. */
  readonly dueTime: Pick<ForwardTime, "nowMs">;
  readonly delivery: DeliveryPort;
  readonly checkUrl: CheckUrl;
  readonly transforms: Pick<Transformer, "transform" | "check">;
  readonly events: EventsPort;
  readonly attempts: AttemptsPort;
  readonly replays: Pick<Replays, "replayOne" | "startRoad" | "getRoad" | "cancel" | "resume">;
  readonly readCounts: ReadCounts;
  readonly readRefused: ReadRefused;
  /** Null: strangers may not make test sessions. */
  readonly testSessions: TestSessionPort | null;
  /** What `ingest_url` fields begin with. No slash at its end. */
  readonly publicUrl: string;
};
