import { z } from "zod";

import { isoSeconds } from "../lib/clock.ts";
import { type Command, exitCode, refuseArguments } from "./_command.ts";
import { runOperation } from "./_operation.ts";
import { table } from "./_table.ts";

const time = z.number().nullable();

const listed = z.object({
  keys: z.array(
    z.object({
      id: z.string(),
      prefix: z.string(),
      name: z.string(),
      team: z.string(),
      env: z.string(),
      scopes: z.array(z.string()),
      createdAtMs: z.number(),
      lastUsedAtMs: time,
      expiresAtMs: time,
      revokedAtMs: time,
    }),
  ),
  more: z.boolean(),
});

type ListedKey = z.infer<typeof listed>["keys"][number];

const shown = (ms: number | null, otherwise: string): string => (ms === null ? otherwise : isoSeconds(ms));

const stateOf = ({ revokedAtMs, expiresAtMs }: ListedKey, nowMs: number): string => {
  if (revokedAtMs !== null) return `revoked ${isoSeconds(revokedAtMs)}`;
  if (expiresAtMs === null) return "active";
  return `${expiresAtMs <= nowMs ? "expired" : "active until"} ${isoSeconds(expiresAtMs)}`;
};

const heading = ["PREFIX", "NAME", "TEAM", "ENVIRONMENT", "SCOPES", "STATE", "LAST USED", "CREATED", "ID"];

/** Lists API keys, the newest first. The keys themselves cannot be shown. */
export const keysList: Command = {
  name: "keys list",
  usage: "",
  summary: "lists API keys, the newest first",
  run: async (args, context) => {
    refuseArguments(args);
    const { keys, more } = await runOperation(context, "keys.list", { result: listed });
    const nowMs = context.clock.nowMs();
    const rows = keys.map((key) => [
      key.prefix,
      key.name,
      key.team,
      key.env,
      key.scopes.join(","),
      stateOf(key, nowMs),
      shown(key.lastUsedAtMs, "never"),
      isoSeconds(key.createdAtMs),
      key.id,
    ]);
    for (const line of table(heading, rows)) context.out(line);
    if (more) context.err(`these are the newest ${keys.length}; there are more`);
    return exitCode.done;
  },
};
