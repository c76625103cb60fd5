import { allKept, type Kept } from "../kept.ts";
import type { SqlValue } from "../statement.ts";
import type { Tx } from "../store.ts";

/** Brings a part of the memory up to date. Its hooks run with all others, once everything was read. */
export type Reload = (tx: Tx) => Promise<void>;

type Part = {
  readonly reload: Reload;
  /** Of which version memory is. Null: unknown. */
  version: number | null;
};

type VersionRow = Readonly<Record<string, SqlValue>>;

/** Which versions the memory of this process is of. */
export class Memory {
  readonly #parts = new Map<Kept, Part>();

  /** In the order of their locks. */
  get kept(): readonly Kept[] {
    return allKept.filter((kept) => this.#parts.has(kept));
  }

  keep(kept: Kept, reload: Reload): void {
    this.#parts.set(kept, { reload, version: null });
  }

  /** Null: unknown. Undefined: nothing of it is kept. */
  versionOf(kept: Kept): number | null | undefined {
    return this.#parts.get(kept)?.version;
  }

  /**
   * What is of another version than the rows say. Of an older one, too: a standby that takes over may not have
   * everything that we saw.
   */
  outdated(rows: readonly VersionRow[]): readonly { readonly reload: Reload; become(): void }[] {
    return this.kept.flatMap((kept) => {
      const part = this.#parts.get(kept);
      const version = Number(rows.find(({ name }) => name === kept)?.["version"]);
      if (part === undefined || part.version === version) return [];
      return [{ reload: part.reload, become: () => (part.version = version) }];
    });
  }

  /**
   * This process made the version, and did to its memory what it did to the store. If it missed an earlier one, it
   * stays outdated.
   */
  changed(kept: Kept, version: number): void {
    const part = this.#parts.get(kept);
    if (part?.version === version - 1) part.version = version;
  }

  /** What may have been written was told to nobody. */
  doubt(): void {
    for (const part of this.#parts.values()) part.version = null;
  }
}
