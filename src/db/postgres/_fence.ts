import type { Id } from "../../lib/ids.ts";

type Post = { readonly node: Id; readonly onFenced: () => void; isBroken: boolean };

/** As which node batches are written, and whether that turned out to be gone. */
export class Fence {
  #post: Post | null = null;

  /** Null: nobody looks. */
  get node(): Id | null {
    return this.#post?.node ?? null;
  }

  set(node: Id, onFenced: () => void): void {
    this.#post = { node, onFenced, isBroken: false };
  }

  /** A batch found that the node's row is gone. */
  broke(node: Id): void {
    if (this.#post?.node === node) this.#post.isBroken = true;
  }

  /** Tells of it, once, before anything is drafted again. */
  settle(): void {
    const post = this.#post;
    if (post?.isBroken !== true) return;
    this.#post = null;
    post.onFenced();
  }
}
