import { createSystemRandom } from "../lib/random.ts";
import { formatSealingKey, newSealingKey } from "../lib/sealing.ts";
import { type Command, exitCode, refuseArguments } from "./_command.ts";

/** Prints a fresh key in the form of `SECRETS_KEY`. Nothing is stored. */
export const secretsNew: Command = {
  name: "secrets new",
  usage: "",
  summary: "prints a new key for SECRETS_KEY",
  details:
    "To change SECRETS_KEY: put the new key in front (SECRETS_KEY=new,old), restart, run `secrets rotate`, and then\n" +
    "leave the old one out.",
  run: async (args, context) => {
    refuseArguments(args);
    context.out(formatSealingKey(newSealingKey(createSystemRandom())));
    return exitCode.done;
  },
};
