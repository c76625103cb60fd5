import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** Takes requests that become another protocol, with what came behind them in the same packet. */
export type Upgrades = {
  /** Whether a request that asks for one is for this handler. What is for none is answered as if it had not asked. */
  takes(request: Pick<IncomingMessage, "url" | "method">): boolean;
  accept(upgrade: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }): void;
  /** Takes nothing new, and says goodbye to all that is open. */
  close(): void;
  /** Ends what is still open. */
  cutOff(): void;
};
