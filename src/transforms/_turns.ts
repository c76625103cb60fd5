/** What waits, by owner. Owners take turns, so that none waits for another's backlog. */
export class OwnerTurns<Item> {
  readonly #waiting = new Map<string, Item[]>();
  #size = 0;

  /** How much waits. */
  get size(): number {
    return this.#size;
  }

  /** How much of an owner's waits. */
  sizeOf(owner: string): number {
    return this.#waiting.get(owner)?.length ?? 0;
  }

  add(owner: string, item: Item): void {
    const items = this.#waiting.get(owner) ?? [];
    items.push(item);
    this.#waiting.set(owner, items);
    this.#size += 1;
  }

  /** The next one of an owner that may have its turn; undefined when there is none. */
  take(mayRun: (owner: string) => boolean): { readonly owner: string; readonly item: Item } | undefined {
    for (const [owner, items] of this.#waiting) {
      if (!mayRun(owner)) continue;
      const item = items.shift();
      // Behind all others, until its next turn.
      this.#waiting.delete(owner);
      if (items.length > 0) this.#waiting.set(owner, items);
      if (item === undefined) continue;
      this.#size -= 1;
      return { owner, item };
    }
    return undefined;
  }

  /** Takes all that waits. */
  clear(): readonly Item[] {
    const items = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#size = 0;
    return items;
  }
}
