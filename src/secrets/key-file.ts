import { constants } from "node:fs";
import { chown, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { formatSealingKey, parseSealingKeys, type SealingKey } from "../lib/sealing.ts";
import { fileErrorCode, syncFile, writePrivateFile } from "./_durable-file.ts";
import { SecretsError } from "./secrets-error.ts";

/** Keys, the one that seals first. */
export type SealingKeys = readonly [SealingKey, ...SealingKey[]];

/** About 80 characters a key; a key file that is longer is some other file. */
const fileBytesMax = 64 * 1024;

/** Bits by which a group or others may do anything with a file. */
const forOthers = 0o077;

const readText = async (path: string): Promise<string | null> => {
  let file;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (cause) {
    if (fileErrorCode(cause) === "ENOENT") return null;
    throw new SecretsError("key_file", `${path} cannot be read; run as the user who owns it`, { cause });
  }
  try {
    const { mode, size } = await file.stat();
    if ((mode & forOthers) !== 0) {
      throw new SecretsError("key_file", `${path} can be used by others than its owner; run: chmod 600 ${path}`);
    }
    if (size > fileBytesMax) throw new SecretsError("key_file", `${path} is too large to be a key file`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
};

/**
 * Reads the key file, in the form of `SECRETS_KEY`. Null when there is none.
 * @throws {SecretsError} when it is damaged, or others than its owner may use it.
 */
export const readKeyFile = async (path: string): Promise<SealingKeys | null> => {
  const text = await readText(path);
  if (text === null) return null;
  try {
    return parseSealingKeys(text.trim());
  } catch (cause) {
    throw new SecretsError("key_file", `${path} is damaged; restore it from a backup`, { cause });
  }
};

/** A command run by root beside a service that runs as someone else must not take the key file away from it. */
const giveToOwnerOf = async (directory: string, path: string): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(directory);
  await chown(path, uid, gid);
};

/** Writes the key file: whole or not at all, and on disk when this resolves. */
export const writeKeyFile = async (path: string, keys: SealingKeys): Promise<void> => {
  const next = `${path}.next`;
  // One that stands there was cut off.
  await rm(next, { force: true });
  await writePrivateFile(next, `${keys.map(formatSealingKey).join(",")}\n`);
  await giveToOwnerOf(dirname(path), next);
  await rename(next, path);
  await syncFile(path);
};
