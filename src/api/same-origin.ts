import type { IncomingHttpHeaders } from "node:http";

/**
 * Where a browser says that a request comes from: `same`, a page of ours; `cross`, one of somebody else's; `untold`, it says nothing,
 * being no browser or an old one.
 */
export type Origin = "same" | "cross" | "untold";

const hostIn = (origin: string): string | undefined => URL.parse(origin)?.host;

/**
 * What `Sec-Fetch-Site` and `Origin` say, which no page can write itself (Fetch Metadata, section 2; Fetch, section 3.2). A browser
 * that tells the site knows our origin better than we do: a gateway may have more names than `PUBLIC_URL`. Of others only that one
 * counts.
 */
export const originOf = (
  { origin, host, "sec-fetch-site": site }: IncomingHttpHeaders,
  publicOrigin: string,
): Origin => {
  if (site === undefined) {
    if (origin === undefined) return "untold";
    return origin === publicOrigin ? "same" : "cross";
  }
  const isOwn = origin === undefined || origin === publicOrigin || hostIn(origin) === host;
  return site === "same-origin" && isOwn ? "same" : "cross";
};

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a request may change something, or opens a connection that whoever opened it can read. */
export const needsOrigin = (method: string, { upgrade }: IncomingHttpHeaders): boolean =>
  upgrade !== undefined || !safeMethods.has(method.toUpperCase());
