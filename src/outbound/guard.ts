import { parseAddress, type Address } from "../lib/ip.ts";
import type { EgressAllow } from "./egress-allow.ts";
import { EgressError } from "./egress-error.ts";
import type { Resolution, Resolver } from "./resolver.ts";
import { addressProblem, addressRule, bareHost, isAllowedAddress, judgeUrl } from "./url-policy.ts";
import type { UrlTarget, UrlVerdict } from "./url-policy.ts";

/** Decides where sockets may go. */
export type Guard = {
  /**
   * The addresses that a connection to `target` may be made to. They, and not the name, are then connected to: a name
   * that is asked for twice may have two answers.
   * @throws {EgressError} with `dns` or `refused_address`
   */
  admit(target: UrlTarget): Promise<readonly Address[]>;
  /**
   * Whether a URL may be saved as a destination: what its text says, and where its name leads now. A name without an
   * address passes, since it is judged again at each connection; one that must lie in EGRESS_ALLOW does not.
   */
  checkUrl(text: string): Promise<UrlVerdict>;
};

const dnsMessages: Record<Extract<Resolution, { kind: "failed" }>["reason"], string> = {
  not_found: "the host name has no address",
  timeout: "the name servers did not answer in time",
  server: "the name servers could not answer",
  too_many: "the host name has too many addresses",
  overloaded: "too many host names are being resolved at once",
};

/** Judges every address of a host: one that is refused refuses them all. */
export const createGuard = ({ allow, resolver }: { allow: EgressAllow; resolver: Resolver }): Guard => {
  const look = async (target: UrlTarget) => {
    const rule = addressRule(target, allow);
    const host = bareHost(target.hostname);
    const literal = parseAddress(host);
    const resolution: Resolution =
      literal === undefined ? await resolver.resolve(host) : { kind: "found", addresses: [literal] };
    const addresses = resolution.kind === "found" ? resolution.addresses : [];
    return { rule, resolution, isRefused: !addresses.every((address) => isAllowedAddress(address, rule, allow)) };
  };
  return {
    async admit(target) {
      const { resolution, isRefused } = await look(target);
      if (resolution.kind === "failed") {
        const code = resolution.reason === "overloaded" ? "unavailable" : "dns";
        throw new EgressError(code, dnsMessages[resolution.reason]);
      }
      if (isRefused) {
        throw new EgressError("refused_address", `the URL ${addressProblem(target, resolution.addresses)}`);
      }
      return resolution.addresses;
    },
    async checkUrl(text) {
      const verdict = judgeUrl(text, allow);
      if (!verdict.ok) return verdict;
      const target = new URL(verdict.url);
      const { rule, resolution, isRefused } = await look(target);
      if (resolution.kind === "failed") {
        return rule === "listed" ? { ok: false, problem: addressProblem(target, []) } : verdict;
      }
      return isRefused ? { ok: false, problem: addressProblem(target, resolution.addresses) } : verdict;
    },
  };
};
