import type { Catalog } from "../../providers/catalog.ts";
import type { Preset } from "../../providers/preset.ts";

/** The preset that leaves all to the source, and what this API calls it. */
const openPreset = "generic";
const openTemplate = "custom";

/** The preset of a source that names no template. */
export const presetOfNone = (catalog: Catalog): Preset => {
  const preset = catalog.get(openPreset);
  if (preset === undefined) throw new Error(`there is no preset "${openPreset}"`);
  return preset;
};

/** The preset that a template's slug means, with `-` or `_`; undefined when there is none. */
export const presetOfTemplate = (catalog: Catalog, slug: string): Preset | undefined =>
  catalog.get(slug === openTemplate ? openPreset : slug.replaceAll("-", "_"));

/** What this API calls a preset. */
export const templateOf = ({ name }: Pick<Preset, "name">): string =>
  name === openPreset ? openTemplate : name.replaceAll("_", "-");

/** Whether a preset says how to verify, so that what a source says takes the place of it. */
export const isTemplate = ({ configurable }: Pick<Preset, "configurable">): boolean => configurable !== true;
