import { z } from "zod";

import { type Command, exitCode, refuseArguments } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const migrated = z.object({ fromVersion: z.number(), toVersion: z.number(), backupPath: z.string().nullable() });

/** Brings the store to the newest schema, as a start would, and starts nothing. */
export const migrate: Command = {
  name: "migrate",
  usage: "",
  summary: "brings the store to the newest schema, without a start",
  run: async (args, context) => {
    refuseArguments(args);
    const { fromVersion, toVersion, backupPath } = await runOperation(context, "schema", {
      result: migrated,
      // Whoever asks for it need not say so twice.
      over: { migrate: "auto" },
    });
    context.err(
      fromVersion === toVersion
        ? `the store has schema version ${toVersion}, the newest`
        : `the store was brought from schema version ${fromVersion} to ${toVersion}`,
    );
    if (backupPath !== null) context.err(`a copy from before is at ${backupPath}`);
    return exitCode.done;
  },
};
