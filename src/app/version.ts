import { readFileSync } from "node:fs";

/** The version of this program, from the one place that says it. */
export const version: string = ((): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "0";
})();
