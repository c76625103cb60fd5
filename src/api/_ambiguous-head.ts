import type { IncomingMessage } from "node:http";

const countOf = (rawHeaders: readonly string[], name: string): number => {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const here = rawHeaders[at];
    if (here?.length === name.length && here.toLowerCase() === name) count += 1;
  }
  return count;
};

/** RFC 9112, section 3.2: one of them, which HTTP/1.0 may leave out. Of two, a proxy may have gone by the other one. */
const hasOneHost = ({ httpVersionMinor, rawHeaders }: IncomingMessage): boolean => {
  const hosts = countOf(rawHeaders, "host");
  return hosts === 1 || (hosts === 0 && httpVersionMinor === 0);
};

/**
 * RFC 9112, section 6.1. The parser takes any list of codings that ends in `chunked`, and decodes that one alone; HTTP/1.0
 * knows no codings. A proxy that reads such a head in another way sees other requests on the connection than we do.
 */
const isPlainlyCoded = ({ httpVersionMinor, headers }: IncomingMessage): boolean => {
  const coding = headers["transfer-encoding"];
  return coding === undefined || (httpVersionMinor === 1 && coding.toLowerCase() === "chunked");
};

/**
 * Whether a head is one that two servers in a row could read in two ways: where its request ends, which host it is for, or
 * which HTTP it speaks (the parser takes 0.9 and 2.0 for names of this one).
 */
export const isAmbiguousHead = (request: IncomingMessage): boolean =>
  request.httpVersionMajor !== 1 || !hasOneHost(request) || !isPlainlyCoded(request);
