import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

import type { Random } from "./random.ts";

/** A secret that cannot be opened: an unknown key, a wrong key, or bytes that were moved or changed. */
export class SealError extends Error {
  override readonly name = "SealError";
  readonly code: "unknown_key" | "unreadable";

  constructor(code: "unknown_key" | "unreadable", message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Seals and opens secrets. The `place` (row and column) is bound in: sealed bytes moved elsewhere do not open. */
export type Keyring = {
  /** The id of the key that seals now. */
  readonly sealingKeyId: string;
  /**
   * Call it inside the transaction that stores the bytes, or right before it without waiting for anything between, and
   * copy sealed bytes only from rows that were read in the same transaction: a rotation changes the key between two
   * transactions, and in the end drops the old one.
   */
  seal(plain: string, place: string): Buffer;
  /** @throws {SealError} */
  open(sealed: Uint8Array, place: string): string;
  /** The id of the key that sealed these bytes. */
  keyIdOf(sealed: Uint8Array): string;
  /**
   * A secret of 32 bytes for this purpose and no other from each key, that of the sealing one first (HKDF-SHA-256, RFC 5869).
   * What was made with one of a key that is gone counts no more.
   */
  derive(purpose: string): readonly [Buffer, ...Buffer[]];
};

/** A keyring whose sealing key can be replaced while the process runs. */
export type RotatableKeyring = Keyring & {
  /** Seals with this key from now on. All earlier keys still open. */
  adopt(key: SealingKey): void;
};

/** One AES-256 key and the name under which sealed bytes refer to it. */
export type SealingKey = { id: string; key: Buffer };

const ivBytes = 12;
const tagBytes = 16;
const derivedBytes = 32;
const keyPattern = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/;

/**
 * Reads `id:base64key[,id:base64key…]`; the first one seals, all open.
 * @throws {Error} naming what is wrong, without showing a key.
 */
export const parseSealingKeys = (text: string): [SealingKey, ...SealingKey[]] => {
  const keys = text.split(",").map((part, index): SealingKey => {
    const [, id, base64] = keyPattern.exec(part.trim()) ?? [];
    if (id === undefined || base64 === undefined) {
      throw new Error(
        `key ${index + 1} is not of the form id:base64key with 32 bytes; "postern secrets new" makes one`,
      );
    }
    return { id, key: Buffer.from(base64, "base64") };
  });
  const [first, ...rest] = keys;
  if (first === undefined) throw new Error("no key given");
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error("two keys have the same id");
  return [first, ...rest];
};

/** The text form of a key, as `SECRETS_KEY` and the key file hold it. */
export const formatSealingKey = ({ id, key }: SealingKey): string => `${id}:${key.toString("base64")}`;

/** A fresh key, with a random id. */
export const newSealingKey = (random: Pick<Random, "bytes">): SealingKey => ({
  id: `k${random.bytes(4).toString("hex")}`,
  key: random.bytes(32),
});

const readKeyId = (sealed: Uint8Array): string => {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const idBytes = bytes.at(0) ?? 0;
  if (bytes.length < 1 + idBytes + ivBytes + tagBytes) throw new SealError("unreadable", "sealed bytes are too short");
  return bytes.subarray(1, 1 + idBytes).toString("latin1");
};

const deriveFrom = (key: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", key, "", `postern ${purpose}`, derivedBytes));

/** AES-256-GCM: `length of key id, key id, iv, ciphertext, tag`, with key id and place as associated data. */
export const createKeyring = (
  keys: readonly [SealingKey, ...SealingKey[]],
  random: Pick<Random, "bytes">,
): RotatableKeyring => {
  let [sealing] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    get sealingKeyId() {
      return sealing.id;
    },
    adopt(key) {
      byId.set(key.id, key.key);
      sealing = key;
    },
    seal(plain, place) {
      const iv = random.bytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", sealing.key, iv);
      cipher.setAAD(Buffer.from(`${sealing.id}\n${place}`));
      const head = Buffer.from(`${String.fromCharCode(sealing.id.length)}${sealing.id}`, "latin1");
      return Buffer.concat([head, iv, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const id = readKeyId(bytes);
      const key = byId.get(id);
      if (key === undefined) throw new SealError("unknown_key", `sealed with key "${id}", which is not configured`);
      const ivAt = 1 + id.length;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(ivAt, ivAt + ivBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(`${id}\n${place}`));
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
      try {
        const opened = decipher.update(bytes.subarray(ivAt + ivBytes, bytes.length - tagBytes));
        return Buffer.concat([opened, decipher.final()]).toString("utf8");
      } catch (cause) {
        throw new SealError("unreadable", `key "${id}" does not open this secret`, { cause });
      }
    },
    keyIdOf: readKeyId,
    derive(purpose) {
      const others = [...byId].filter(([id]) => id !== sealing.id).map(([, key]) => deriveFrom(key, purpose));
      return [deriveFrom(sealing.key, purpose), ...others];
    },
  };
};
