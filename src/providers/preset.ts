import type { Headers } from "../lib/headers.ts";
import type { Scheme } from "./scheme.ts";

/**
 * Where a short text is found: a header by its lower-case name, with another that is read where the first is not there, or
 * the JSON body by its dot path.
 */
export type TextPlace = { in: "header"; name: string; or?: string } | { in: "body"; path: string };

/** A question that a sender asks before it sends events, and that is answered at the edge. */
export type Handshake =
  /** A POST whose body has `value` at `path`: the answer is the text at `challengePath`. */
  | { kind: "body_challenge"; path: string; value: string; challengePath: string }
  /**
   * A GET (or, as `method` says, a POST) with this query parameter, and with `given` where there is one: the answer is the
   * parameter's text, one word unless it `allows` sentences.
   */
  | {
      kind: "query_challenge";
      method?: "POST";
      parameter: string;
      given?: { parameter: string; value: string };
      allows?: "sentences";
    }
  /** A GET with this header: the answer is JSON with the header's text at `answerKey`. */
  | { kind: "header_challenge"; header: string; answerKey: string }
  /** A POST with this header: the answer has the same one. Its text is the secret that the sender signs with from then on. */
  | { kind: "header_echo"; header: string }
  /**
   * A signed POST whose body has `value` at `path`: the answer is JSON with the text at `challengePath`, and its HMAC-SHA256
   * under the source's secret in hex.
   */
  | {
      kind: "hmac_challenge";
      path: string;
      value: string;
      challengePath: string;
      answer: { challenge: string; hmac: string };
    }
  /** A signed POST whose body has `value` at `path`: the answer is this status, without a body. */
  | { kind: "ping"; path: string; value: number; status: 200 | 204 }
  /**
   * A GET with this query parameter: the answer is JSON with `prefix` and, in base64, the parameter's HMAC-SHA256 under the
   * source's secret at `answerKey`.
   */
  | { kind: "query_hmac"; parameter: string; answerKey: string; prefix: string }
  /** A POST that is a form with this field, a number, and nothing else: the answer is 200, without a body. */
  | { kind: "form_ping"; field: string }
  /** Any request of this method: the answer is 200, without a body. */
  | { kind: "probe"; method: "HEAD" };

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
