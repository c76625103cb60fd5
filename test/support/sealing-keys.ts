import { formatSealingKey, type SealingKey } from "../../src/lib/sealing.ts";

/** The same in all tests and the processes that they start, so that each can open what another has sealed. */
export const sealingKeys: readonly [SealingKey] = [{ id: "k1", key: Buffer.alloc(32, 7) }];

/** The same as an operator gives them. */
export const sealingKeysText: string = formatSealingKey(sealingKeys[0]);
