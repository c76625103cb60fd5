import type { SignedPart } from "./scheme.ts";

const placeholderPattern = /\{([a-z_]+)(?::([A-Za-z0-9-]+))?\}/g;
const words = ["body", "body_but_words", "timestamp", "method", "url", "url_unescaped", "form"] as const;

const partOf = (word: string, argument: string | undefined): SignedPart | undefined => {
  if (word === "header") return argument === undefined ? undefined : { header: argument.toLowerCase() };
  return argument === undefined ? words.find((known) => known === word) : undefined;
};

/** Reads what is signed from a text such as `v0:{timestamp}:{body}`; null when it names something that nobody knows. */
export const partsOf = (template: string): readonly SignedPart[] | null => {
  const parts: SignedPart[] = [];
  let at = 0;
  for (const match of template.matchAll(placeholderPattern)) {
    const [whole, word = "", argument] = match;
    const part = partOf(word, argument);
    if (part === undefined) return null;
    if (match.index > at) parts.push({ text: template.slice(at, match.index) });
    parts.push(part);
    at = match.index + whole.length;
  }
  if (at < template.length) parts.push({ text: template.slice(at) });
  return parts;
};

const writePart = (part: SignedPart): string => {
  if (typeof part === "string") return `{${part}}`;
  return "text" in part ? part.text : `{header:${part.header}}`;
};

/** The text that `partsOf` reads as these parts. */
export const textOf = (parts: readonly SignedPart[]): string => parts.map(writePart).join("");
