import { z } from "zod";

import { type Command, exitCode, parseArguments, UsageError } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const limit = z.number().nullable();
const limited = z.object({ limits: z.object({ maxSources: limit, maxDestinations: limit, eventsPerMonth: limit }) });

/** `none` takes a limit away. */
const readLimit = (name: string, text: string): number | null => {
  if (text === "none") return null;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number, or none`);
};

const shown = (value: number | null): string => (value === null ? "no limit" : String(value));

/** Says what a team may have. */
export const teamsLimit: Command = {
  name: "teams limit",
  usage: "TEAM [--max-sources N|none] [--max-destinations N|none] [--events-per-month N|none]",
  summary: "says what a team may have",
  details: "Only what is named changes. A team that has more already keeps it. There are no limits at first.",
  run: async (args, context) => {
    const { values, positionals } = parseArguments({
      args: [...args],
      allowPositionals: true,
      options: {
        "max-sources": { type: "string" },
        "max-destinations": { type: "string" },
        "events-per-month": { type: "string" },
      },
    });
    const [team, ...rest] = positionals;
    if (team === undefined || rest.length > 0) throw new UsageError("name one TEAM");
    const named = {
      maxSources: ["max-sources", values["max-sources"]],
      maxDestinations: ["max-destinations", values["max-destinations"]],
      eventsPerMonth: ["events-per-month", values["events-per-month"]],
    } as const;
    const changes = Object.entries(named).flatMap(([field, [name, text]]) =>
      text === undefined ? [] : [[field, readLimit(name, text)] as const],
    );
    const input = { team, ...Object.fromEntries(changes) };
    const { limits } = await runOperation(context, "teams.limit", { input, result: limited });
    context.out(`sources           ${shown(limits.maxSources)}`);
    context.out(`destinations      ${shown(limits.maxDestinations)}`);
    context.out(`events per month  ${shown(limits.eventsPerMonth)}`);
    return exitCode.done;
  },
};
