import type { Headers } from "../lib/headers.ts";
import type { Scheme } from "./scheme.ts";

/** Where a short text is found: a header by its lower-case name, or the JSON body by its dot path. */
export type TextPlace = { in: "header"; name: string } | { in: "body"; path: string };

/** A question that a sender asks before it sends events, and that is answered at the edge. */
export type Handshake =
  /** When the body has `value` at `path`, the answer is the text at `challengePath`. */
  { kind: "body_challenge"; path: string; value: string; challengePath: string };

/** A request as the sender makes it, without what `signSample` adds, and what must be read from it. */
export type Sample = {
  headers: Headers;
  body: string;
  eventType: string | null;
  deliveryId: string | null;
};

/** Everything that Postern knows about one sender. Data only: a preset that needs code needs a new kind of data. */
export type Preset = {
  /** What the APIs call it: lower case, digits, `_`. The file is named after it, with `-` for `_`. */
  name: string;
  /** What people call it. */
  title: string;
  /** Where the sender documents its signature. */
  docsUrl: string;
  verification: Scheme;
  eventType: TextPlace | null;
  /** The same for every try of one delivery, so that repeats can be dropped. */
  deliveryId: TextPlace | null;
  /**
   * Headers that the sender makes and its own SDK may read: they are forwarded. At least those that the signature, the
   * event type and the delivery id come from; never one that carries a credential.
   */
  ownHeaders: readonly string[];
  handshake: Handshake | null;
  sample: Sample;
  /** Whether the source's own settings say how to verify and where the event type is. Default: false. */
  configurable?: true;
};
