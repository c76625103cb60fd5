import { parseArgs } from "node:util";

import { faults } from "./catalog.ts";
import type { Fault, Scale } from "./fault.ts";

/** What to run. */
export type Options = {
  readonly faults: readonly Fault[];
  readonly scale: Scale;
  readonly jsonPath: string | null;
  /** Where stores are made. Null: a temporary directory. */
  readonly directory: string | null;
};

const nameWidth = 16;

export const usage: string = `npm run faults -- [FAULT…] [options]

  FAULT             default: all
${faults.map(({ name, title }) => `    ${name.padEnd(nameWidth)}${title}`).join("\n")}
  --quick           as short as the test suite runs them
  --json FILE       writes all figures, too
  --dir DIR         where stores are made (the system's temporary directory)
`;

/** A mistake on the command line. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly code = "invalid_options";
}

const faultsOf = (names: readonly string[]): readonly Fault[] => {
  const unknown = names.filter((name) => !faults.some((fault) => fault.name === name));
  if (unknown.length > 0) throw new OptionsError(`there is no fault ${unknown.join(", ")}`);
  return names.length === 0 ? faults : faults.filter(({ name }) => names.includes(name));
};

/** Reads the command line. Null: help was asked for. @throws {OptionsError} */
export const readOptions = (args: readonly string[]): Options | null => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      dir: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    faults: faultsOf(positionals),
    scale: values.quick ? "short" : "long",
    jsonPath: values.json ?? null,
    directory: values.dir ?? null,
  };
};
