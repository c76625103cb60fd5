import { readdir } from "node:fs/promises";
import { basename, extname } from "node:path";

import { presetFaults } from "./_preset-rules.ts";
import type { Preset } from "./preset.ts";

/** Every preset by its name. */
export type Catalog = ReadonlyMap<string, Preset>;

/** A preset that would misbehave, found at the start. The message names the preset and each fault. */
export class PresetError extends Error {
  override readonly name = "PresetError";
  readonly code = "preset_invalid";
}

/**
 * A catalog of these presets.
 * @throws {PresetError} when one breaks a rule of `Preset`, or two have the same name.
 */
export const createCatalog = (presets: readonly Preset[]): Catalog => {
  const catalog = new Map<string, Preset>();
  for (const preset of presets) {
    const faults = [...presetFaults(preset)];
    if (catalog.has(preset.name)) faults.push("another preset has the same name");
    if (faults.length > 0) throw new PresetError(`preset "${preset.name}": ${faults.join("; ")}`);
    catalog.set(preset.name, preset);
  }
  return catalog;
};

/** The compiler checks what a preset file exports against `Preset`; here only that it is one at all. */
const exportsPreset = (module: unknown): module is { preset: Preset } =>
  typeof module === "object" &&
  module !== null &&
  "preset" in module &&
  typeof module.preset === "object" &&
  module.preset !== null &&
  "name" in module.preset;

const loadPreset = async (url: URL): Promise<Preset> => {
  const module: unknown = await import(url.href);
  const file = basename(url.pathname);
  if (!exportsPreset(module)) throw new PresetError(`presets/${file} does not export "preset"`);
  const { preset } = module;
  const fileName = preset.name.replaceAll("_", "-");
  if (fileName !== basename(file, extname(file))) {
    throw new PresetError(`presets/${file} holds preset "${preset.name}": name the file ${fileName}${extname(file)}`);
  }
  return preset;
};

/**
 * Loads every file of `presets/`: adding a sender is adding a file. The files are `.ts` in a checkout and `.js` in the
 * published package.
 * @throws {PresetError} as `createCatalog` does, and when a file does not hold the preset that it is named after.
 */
export const loadPresets = async (): Promise<Catalog> => {
  const folder = new URL("./presets/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => /(?<!\.d)\.[jt]s$/.test(file)).toSorted();
  return createCatalog(await Promise.all(files.map((file) => loadPreset(new URL(file, folder)))));
};
