import { randomFillSync } from "node:crypto";

/** Where chance comes from. Passed in, so that tests can fix it. */
export type Random = {
  /** `count` unpredictable bytes. The caller owns them. */
  bytes(count: number): Buffer;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
};

/** One system call per pool instead of one per id: ids are made on the hot path. */
const poolBytes = 8192;

/** Cryptographically secure randomness, drawn from a pool. */
export const createSystemRandom = (): Random => {
  const pool = Buffer.allocUnsafeSlow(poolBytes);
  let used = poolBytes;
  const bytes = (count: number): Buffer => {
    if (count > poolBytes) return randomFillSync(Buffer.allocUnsafeSlow(count));
    if (used + count > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const drawn = Buffer.from(pool.subarray(used, used + count));
    // What was handed out may become a key: it does not stay in the pool.
    pool.fill(0, used, used + count);
    used += count;
    return drawn;
  };
  return { bytes, fraction: () => bytes(4).readUInt32BE() / 2 ** 32 };
};
