import { z } from "zod";

import { type Command, exitCode, refuseArguments } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const rotated = z.object({
  keyId: z.string(),
  secretsResealed: z.number(),
  unreadable: z.array(z.object({ name: z.string(), secrets: z.number() })),
  older: z.object({ fate: z.enum(["dropped", "removable", "kept"]), keyIds: z.array(z.string()) }),
});

type Rotated = z.infer<typeof rotated>;

const fateOf = ({ older }: Rotated): string => {
  const ids = older.keyIds.join(", ");
  switch (older.fate) {
    case "dropped":
      return `dropped ${ids} from the key file; backups made before need the key file that was copied with them`;
    case "removable":
      return ids === ""
        ? "SECRETS_KEY holds one key; for another one, put it in front (see `secrets new`), restart, and run this again"
        : `nothing needs ${ids} any more: leave it out of SECRETS_KEY at the next start`;
    case "kept":
      return `kept ${ids}, because not everything could be opened; set those secrets anew, then run this again`;
  }
};

/**
 * Seals all secrets with a new key: one that it makes (key file), or the first one of `SECRETS_KEY`. Events flow meanwhile.
 * When it is cut off, nothing is lost; run it again.
 */
export const secretsRotate: Command = {
  name: "secrets rotate",
  usage: "",
  summary: "seals all stored secrets with a new key",
  run: async (args, context) => {
    refuseArguments(args);
    const rotation = await runOperation(context, "secrets.rotate", { result: rotated });
    context.err(`sealed ${rotation.secretsResealed} secrets anew; all are sealed with ${rotation.keyId}`);
    for (const { name, secrets } of rotation.unreadable) context.err(`no key opens ${secrets} secrets of ${name}`);
    context.err(fateOf(rotation));
    return rotation.unreadable.length === 0 ? exitCode.done : exitCode.failed;
  },
};
