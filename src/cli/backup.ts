import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { z } from "zod";

import { type Command, exitCode, onlyArgument } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const written = z.object({ path: z.string(), bytes: z.number(), keyPath: z.string().nullable() });

/**
 * Copies the store to FILE, a SQLite database, and the key file to FILE.key, while the gateway runs. Neither replaces a file,
 * and neither is of use without the other. To restore, put them into an empty `DATA_DIR` as `postern.db` and
 * `secrets.key`.
 */
export const backup: Command = {
  name: "backup",
  usage: "FILE",
  summary: "copies the store to FILE and its key file to FILE.key",
  details:
    "Neither file may exist. Keep both: the secrets in the store cannot be opened without the key.\n" +
    "To restore, stop the gateway, empty DATA_DIR, and put them there as postern.db and secrets.key.",
  run: async (args, context) => {
    const input = { path: resolve(onlyArgument(args, "FILE")) };
    const { path, bytes, keyPath } = await runOperation(context, "backup", { input, result: written });
    context.out(path);
    if (keyPath === null) context.err("the keys are in SECRETS_KEY and not in the backup: keep them with it");
    else context.out(keyPath);
    context.err(`copied ${bytes} bytes`);
    // A service may have a /tmp of its own, or run in a container.
    if (!existsSync(path)) context.err(`the gateway wrote ${path}, but this shell sees another file system there`);
    return exitCode.done;
  },
};
