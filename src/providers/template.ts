import type { Catalog } from "./catalog.ts";

/** The template that leaves everything to the source. */
const customTemplate = "custom";

/** The preset that a template is, by the name that it has in URLs and in the catalog; null when there is none. */
export const providerOfTemplate = (catalog: Pick<Catalog, "has">, template: string): string | null => {
  const name = template.toLowerCase().replaceAll("-", "_");
  if (name === customTemplate) return "generic";
  return catalog.has(name) ? name : null;
};
