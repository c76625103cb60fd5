/** HTML that was made here: safe to put into a page as it is. */
export type Html = { readonly html: string };

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

type Part = string | number | Html | readonly Html[];

const toText = (part: Part): string => {
  if (typeof part === "string" || typeof part === "number") return escape(String(part));
  return "html" in part ? part.html : part.map(({ html: text }) => text).join("");
};

/** A template whose every text is escaped. Other templates go in as they are. */
export const html = (template: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: template.reduce((before, text, at) => before + toText(parts[at - 1] ?? "") + text),
});

/** Nothing, where something could stand. */
export const nothing: Html = { html: "" };

/** A sentence whose parts in backticks are code. */
export const prose = (text: string): Html => ({
  html: text
    .split("`")
    .map((part, at) => (at % 2 === 1 ? `<code>${escape(part)}</code>` : escape(part)))
    .join(""),
});
