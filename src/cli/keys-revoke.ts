import { z } from "zod";

import { type Command, exitCode, onlyArgument } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const revoked = z.object({ apiKey: z.object({ id: z.string(), name: z.string(), prefix: z.string() }) });

/** Revokes an API key, at once. Revoking it again is no error. */
export const keysRevoke: Command = {
  name: "keys revoke",
  usage: "ID|PREFIX",
  summary: "revokes an API key at once",
  details: "ID and PREFIX are as `keys list` shows them. A whole key is taken, too, as when one was found in a log.",
  run: async (args, context) => {
    const input = { reference: onlyArgument(args, "ID or PREFIX") };
    const { apiKey } = await runOperation(context, "keys.revoke", { input, result: revoked });
    context.err(`revoked ${apiKey.prefix}… "${apiKey.name}" (${apiKey.id})`);
    return exitCode.done;
  },
};
