import type { Id } from "../lib/ids.ts";
import type { CancelReason } from "../queue/delivery.ts";

/** What delivery is told of what people change. */
export type DeliveryPort = {
  /** Ends deliveries made under a lower `enabling`. Resolves when none of them will start again. */
  cancel(cancellation: {
    readonly destinationId: Id;
    readonly enablingBelow: number;
    readonly reason: CancelReason;
  }): Promise<void>;
  /** A destination's settings changed. */
  wake(destinationId: Id): void;
};
