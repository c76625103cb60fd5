import type { Random } from "../lib/random.ts";

/** As long as the output of SHA-256: a longer key would add nothing. */
const secretBytes = 32;

/** A fresh signing secret: `whsec_` and 32 random bytes in base64, as Standard Webhooks writes them. */
export const generateSecret = (random: Pick<Random, "bytes">): string =>
  `whsec_${random.bytes(secretBytes).toString("base64")}`;
