import { z } from "zod";

import { isoSeconds } from "../lib/clock.ts";
import { type Command, exitCode, parseArguments } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const invited = z.object({ url: z.string(), expiresAtMs: z.number() });

/** Invites an owner, and prints the link alone to standard output. */
export const ownerInvite: Command = {
  name: "owner invite",
  usage: "[--team TEAM]",
  summary: "makes a link by which the owner of a team signs up",
  details:
    "A team that does not exist is made. Without --team: default. Whoever opens the link first becomes an owner of the\n" +
    "team: it counts once, for an hour. The gateway keeps only its hash. Owners that the team has stay.",
  run: async (args, context) => {
    const { team } = parseArguments({ args: [...args], options: { team: { type: "string" } } }).values;
    const input = { team: team ?? null };
    const { url, expiresAtMs } = await runOperation(context, "owner.invite", { input, result: invited });
    context.out(url);
    context.err(`invited an owner of "${team ?? "default"}", until ${isoSeconds(expiresAtMs)}; the link counts once`);
    return exitCode.done;
  },
};
