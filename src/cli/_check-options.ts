import type { Config } from "../config.ts";
import { type Check, ok, warn } from "./_check.ts";

/** No network that belongs to one operator is larger: 10.0.0.0/8, fc00::/7 are the largest private ones. */
const prefixBitsMin = { ipv4: 8, ipv6: 7 } as const;

const isWide = (entry: string): boolean => {
  const [, address, bits] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  if (address !== undefined) return Number(bits) < prefixBitsMin[address.includes(":") ? "ipv6" : "ipv4"];
  // `*.com` holds names that anybody can buy and point anywhere.
  return /^\*\.[^.]+$/.test(entry) && !/^\*\.(local|internal|lan|home|localhost|test|localdomain)$/i.test(entry);
};

/** Whether the exceptions from the rule that private addresses are refused leave anything of it. */
export const checkEgress = ({ egressAllow }: Pick<Config, "egressAllow">): Check => {
  const what = "EGRESS_ALLOW";
  const wide = egressAllow.filter(isWide);
  if (wide.length > 0) {
    return warn(what, `${wide.join(", ")} lets anyone who may make a destination reach internal services; narrow it`);
  }
  return ok(what, egressAllow.length === 0 ? "only public addresses are reached" : egressAllow.join(", "));
};

const localHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|\[::\])$/;

/** Whether providers can use the URLs that the gateway shows. */
export const checkPublicUrl = ({ publicUrl }: Pick<Config, "publicUrl">): Check => {
  const what = "PUBLIC_URL";
  const { protocol, hostname } = new URL(publicUrl);
  if (localHost.test(hostname)) return warn(what, `${publicUrl} is of this machine: providers cannot post to it`);
  if (protocol === "http:") return warn(what, `${publicUrl} is not encrypted: use https, behind a proxy that ends it`);
  return ok(what, publicUrl);
};
