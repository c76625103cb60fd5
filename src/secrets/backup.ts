import { open, readFile, rename, rm, stat } from "node:fs/promises";

import type { Store } from "../db/store.ts";
import type { Random } from "../lib/random.ts";
import { fileErrorCode, syncFile, writePrivateFile } from "./_durable-file.ts";
import type { KeyOrigin } from "./rotate.ts";

/**
 * What became of a backup. `keyPath` is the copy of the key file; null when the keys are in `SECRETS_KEY`, and so in the
 * operator's hands.
 */
export type Backup =
  | { readonly kind: "written"; readonly path: string; readonly bytes: number; readonly keyPath: string | null }
  | Refusal;

type Refusal = { readonly kind: "refused"; readonly message: string };

export type BackupParts = { store: Pick<Store, "backup">; random: Pick<Random, "bytes">; origin: KeyOrigin };

const refusals: Readonly<Record<string, string>> = {
  EEXIST: "exists already, and a backup overwrites nothing",
  ENOENT: "is in a directory that does not exist",
  ENOTDIR: "is in a directory that does not exist",
  EACCES: "cannot be written by the user that the gateway runs as",
  EPERM: "cannot be written by the user that the gateway runs as",
  EROFS: "is on a file system that cannot be written",
};

/** Runs `work`, and takes away what `path` holds when it fails. */
const orRemove = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return false;
    throw error;
  }
};

/** Copies the store under another name first: a file called `path` is always a whole backup. */
const copyStore = async ({ store, random }: BackupParts, path: string): Promise<number> => {
  const partial = `${path}.${random.bytes(4).toString("hex")}.partial`;
  // Made before the copy, because it is to be its owner's alone from its first byte on.
  await (await open(partial, "wx", 0o600)).close();
  return orRemove(partial, async () => {
    await store.backup(partial);
    await syncFile(partial);
    const { size } = await stat(partial);
    // Takes the name, which fails when somebody else has it, and a rename would not.
    await (await open(path, "wx", 0o600)).close();
    await rename(partial, path);
    await syncFile(path);
    return size;
  });
};

/** Does what writes the file at `path`, or says why that cannot be done there. */
const orRefuse = async <T>(path: string, work: () => Promise<T>): Promise<T | Refusal> => {
  try {
    return await work();
  } catch (error) {
    const reason = refusals[fileErrorCode(error) ?? ""];
    if (reason === undefined) throw error;
    return { kind: "refused", message: `${path} ${reason}` };
  }
};

const copyAll = async (
  parts: BackupParts,
  path: string,
  key: { path: string; content: Buffer } | null,
): Promise<Backup> => {
  if (key === null) return { kind: "written", path, bytes: await copyStore(parts, path), keyPath: null };
  const refusal = await orRefuse(key.path, () => writePrivateFile(key.path, key.content));
  if (refusal !== undefined) return refusal;
  const bytes = await orRemove(key.path, () => copyStore(parts, path));
  return { kind: "written", path, bytes, keyPath: key.path };
};

/**
 * Writes a consistent copy of the store to `path` and, when the keys are in a key file, that file to `path.key`: neither
 * is of use without the other. Both belong to their owner alone (mode 0600), and neither replaces a file.
 *
 * To restore, stop the gateway, empty `DATA_DIR`, and put them there as `postern.db` and `secrets.key`.
 * @throws {StoreError}
 */
export const backUp = async (parts: BackupParts, path: string): Promise<Backup> => {
  const { origin } = parts;
  const key = origin.kind === "file" ? { path: `${path}.key`, content: await readFile(origin.path) } : null;
  return orRefuse(path, async (): Promise<Backup> => {
    if (await exists(path)) return { kind: "refused", message: `${path} ${refusals["EEXIST"]}` };
    return copyAll(parts, path, key);
  });
};
