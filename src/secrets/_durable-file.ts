import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";

const sync = async (path: string): Promise<void> => {
  const file = await open(path, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Makes the content of a file durable, and that its directory holds it. */
export const syncFile = async (path: string): Promise<void> => {
  await sync(path);
  await sync(dirname(path));
};

/** Writes a new file that only its owner may use. On disk when this resolves. @throws `EEXIST` when there is one already. */
export const writePrivateFile = async (path: string, content: string | Buffer): Promise<void> => {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
  await syncFile(path);
};

/** The operating system's name for what went wrong with a file: `ENOENT`, `EEXIST`, … */
export const fileErrorCode = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
