import type { SourceFile } from "./module.ts";

/** What means something on one machine, or in one conversation, only. Written in halves: this file is looked at too. */
const forbidden: readonly { what: string; pattern: RegExp }[] = [
  {
    what: "a path of one machine",
    pattern: new RegExp(String.raw`(?<![\w.-])/(${["work", "root", "home"].join("|")})/\w`),
  },
  { what: "a folder outside the repository", pattern: new RegExp(String.raw`(?<![\w/.-])${"sha"}red/`) },
  { what: "a package registry", pattern: new RegExp(String.raw`\b${"regis"}try\.[\w-]+\.\w|_auth(Token)?=`) },
  {
    what: "a conversation",
    pattern: new RegExp(String.raw`\b(${"iss"}ue\s+#?\d+|${"iss"}ue #|must[ -]shows?\b)`, "i"),
  },
];

/** Places where a file speaks of what its reader cannot see. */
export const strayMentions = (files: readonly SourceFile[]): string[] =>
  files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        forbidden
          .filter(({ pattern }) => pattern.test(line))
          .map(({ what }) => `${path}:${index + 1} mentions ${what}`),
      ),
  );
