import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { LogSink } from "../observe/log.ts";
import type { OutboundOptions } from "../outbound/outbound.ts";

/** What a test may put in place of the real thing. Nothing here is for operators. */
export type Overrides = {
  readonly clock?: Clock;
  /** Whether that clock is corrected by the database's, as the system's always is. Default: no. */
  readonly correctsClock?: boolean;
  readonly random?: Random;
  readonly logSink?: LogSink;
  /** Name servers, hosts file and trusted authorities of what goes out. */
  readonly outbound?: Pick<OutboundOptions, "resolver" | "tls" | "connectTimeoutMs">;
  /** Whether the process itself is measured (memory, event loop): once in a process. Default: true. */
  readonly processMetrics?: boolean;
  /** Bytes of the write-ahead log above which writes wait for a checkpoint. */
  readonly walBytesMax?: number;
};
