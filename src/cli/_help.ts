import { optionsHelp } from "../config.ts";
import type { Command } from "./_command.ts";
import { table } from "./_table.ts";

/** How to call one command. */
export const usageOf = ({ name, usage }: Command, program: string): string =>
  `usage: ${program} ${name}${usage === "" ? "" : ` ${usage}`}`;

/** What there is to know of one command. */
export const helpOf = (command: Command, program: string): string =>
  [usageOf(command, program), "", `${command.name} ${command.summary}.`, command.details ?? ""].join("\n").trimEnd();

/** What there is to know of all. */
export const helpOfAll = (commands: readonly Command[], program: string): string => {
  const [heading = "", ...lines] = table(
    [`usage: ${program} COMMAND`, ""],
    commands.map(({ name, summary }) => [`  ${name}`, summary]),
  );
  return [
    heading,
    "",
    ...lines,
    "",
    `${program} help COMMAND tells more of one. Every command works beside a running gateway.`,
    "",
    "Options are environment variables:",
    "",
    optionsHelp().trimEnd(),
  ].join("\n");
};
