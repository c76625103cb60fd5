import { type FileHandle, open } from "node:fs/promises";

/** A file to which everything is appended durably. */
export type Journal = { append(bytes: Buffer): Promise<void> };

type Waiting = { readonly bytes: Buffer; readonly resolve: () => void };

/** Group commit in its smallest form: what arrives while one `fdatasync` runs shares the next. */
export const openJournal = async (path: string): Promise<Journal> => {
  const file: FileHandle = await open(path, "a");
  let waiting: Waiting[] = [];
  let isWriting = false;
  const writeAll = async (): Promise<void> => {
    isWriting = true;
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      await file.writev(taken.map(({ bytes }) => bytes));
      await file.datasync();
      for (const { resolve } of taken) resolve();
    }
    isWriting = false;
  };
  return {
    append: (bytes) =>
      new Promise((resolve) => {
        waiting.push({ bytes, resolve });
        if (!isWriting) void writeAll();
      }),
  };
};
