import { parseAddress, type Address } from "../lib/ip.ts";
import { isGloballyReachable } from "./address-policy.ts";
import type { EgressAllow } from "./egress-allow.ts";

/** Why a destination's URL is refused, in words for whoever typed it. None shows an address. */
export type UrlProblem =
  | "is not a valid URL"
  | "is too long"
  | "must be an https URL"
  | "must not contain credentials"
  | "resolves to a private address; see EGRESS_ALLOW";

/** Whether a URL may be a destination. `url` is its normal form: the spelling that was judged. */
export type UrlVerdict = { ok: true; url: string } | { ok: false; problem: UrlProblem };

/**
 * Which addresses a URL may lead to: `any`, since EGRESS_ALLOW names its host; `public` ones, and those in
 * EGRESS_ALLOW; or, for plain http and for private names, those `listed` in EGRESS_ALLOW alone.
 */
export type AddressRule = "any" | "public" | "listed";

/** What of a URL decides where it may lead. */
export type UrlTarget = Pick<URL, "protocol" | "hostname">;

const urlCharsMax = 2048;

/** Names that mean something on one machine or in one network only (RFC 6761, 6762, 8375, 9476 and ICANN's choice). */
const privateSuffixes = [".localhost", ".local", ".internal", ".localdomain", ".home.arpa"];
/** Names under which clouds serve credentials, besides those under `.internal`. */
const privateNames = new Set([
  "localhost",
  "local",
  "internal",
  "localdomain",
  "metadata",
  "metadata.goog",
  "instance-data",
]);

/** The host of a URL as names are compared and resolved: `example.com.` is `example.com`, `[::1]` is `::1`. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");

const isPrivateName = (host: string): boolean =>
  privateNames.has(host) || privateSuffixes.some((suffix) => host.endsWith(suffix));

/** Which addresses `target` may lead to. */
export const addressRule = (target: UrlTarget, allow: EgressAllow): AddressRule => {
  const host = bareHost(target.hostname);
  if (allow.hasHost(host)) return "any";
  return target.protocol !== "https:" || isPrivateName(host) ? "listed" : "public";
};

/** Whether `address` is one that `rule` lets through. */
export const isAllowedAddress = (address: Address, rule: AddressRule, allow: EgressAllow): boolean => {
  switch (rule) {
    case "any":
      return true;
    case "public":
      return isGloballyReachable(address) || allow.addresses.has(address);
    case "listed":
      return allow.addresses.has(address);
  }
};

/** What is wrong with a URL that leads to `addresses`, none of which its rule lets through. */
export const addressProblem = ({ protocol, hostname }: UrlTarget, addresses: readonly Address[]): UrlProblem =>
  protocol === "https:" || isPrivateName(bareHost(hostname)) || !addresses.every(isGloballyReachable)
    ? "resolves to a private address; see EGRESS_ALLOW"
    : "must be an https URL";

/**
 * Judges what the text of a URL says by itself. Spellings (upper case, full-width digits, `0x7f.1`, `2130706433`) are
 * first made one by the URL parser that sending uses as well. A name may still resolve to what is refused.
 */
export const judgeUrl = (text: string, allow: EgressAllow): UrlVerdict => {
  if (text.length > urlCharsMax) return { ok: false, problem: "is too long" };
  const url = URL.parse(text);
  // Nobody listens on port 0, and what a connection to it does is each network's own affair.
  if (url === null || url.port === "0") return { ok: false, problem: "is not a valid URL" };
  if (url.protocol !== "https:" && url.protocol !== "http:") return { ok: false, problem: "must be an https URL" };
  if (url.username !== "" || url.password !== "") return { ok: false, problem: "must not contain credentials" };
  const rule = addressRule(url, allow);
  const address = parseAddress(bareHost(url.hostname));
  if (address !== undefined && !isAllowedAddress(address, rule, allow)) {
    return { ok: false, problem: addressProblem(url, [address]) };
  }
  if (rule === "listed" && allow.addresses.isEmpty) return { ok: false, problem: addressProblem(url, []) };
  return { ok: true, url: url.href };
};
