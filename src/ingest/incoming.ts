import type { Headers } from "../lib/headers.ts";
import type { IngestVia } from "../routing/ingest-url.ts";

/** A request as it reached an ingest URL, read whole. */
export type Incoming = {
  readonly via: IngestVia;
  readonly method: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  /** The exact bytes. Nothing is decompressed. */
  readonly body: Buffer;
  /** The sender's, as far as trusted proxies tell it. */
  readonly senderAddress: string | null;
  readonly receivedAtMs: number;
  /** Whether it came over a connection whose maker has shown the source's secret, or a key of its owner. Default: no. */
  readonly isProven?: boolean;
};
