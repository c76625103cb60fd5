import { clip } from "../lib/text.ts";
import type { Resource } from "./_resource.ts";
import { errorsMax, evaluationDepthMax, pathCharsMax, workMax } from "./limits.ts";

/** One thing that is wrong with a value. */
export type SchemaError = {
  /** Where, as a JSON pointer; empty for the whole value. */
  readonly path: string;
  /** What must be, in words that follow the name of the place. */
  readonly message: string;
};

const escapeToken = (token: string | number): string => String(token).replaceAll("~", "~0").replaceAll("/", "~1");

/** What is known while one value is looked at: what it has taken, where in the value we are, and what is wrong. */
export class Run {
  readonly errors: SchemaError[] = [];
  /** The resources that evaluation is inside of, the outermost first: what `$dynamicRef` goes by. */
  readonly scope: Resource[] = [];
  readonly #path: (string | number)[] = [];
  #workLeft = workMax;
  #depth = 0;
  #quiet = 0;

  /** Whether the value took more than it may, or is too deep: whatever was found of it is not to be believed. */
  isOver = false;

  /** Takes `work` units. False when there are no more; then everything ends soon, with any result. */
  spend(work: number): boolean {
    this.#workLeft -= work;
    if (this.#workLeft < 0) this.isOver = true;
    return !this.isOver;
  }

  /** Goes into one more schema. False when that is one too many. */
  enter(): boolean {
    if (this.#depth >= evaluationDepthMax) this.isOver = true;
    if (this.isOver) return false;
    this.#depth += 1;
    return true;
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** Goes to a member or an item of the value, until `up`. */
  down(token: string | number): void {
    this.#path.push(token);
  }

  up(): void {
    this.#path.pop();
  }

  /** What fails from here until `speakUp` may be meant to: it is not told. */
  hush(): void {
    this.#quiet += 1;
  }

  speakUp(): void {
    this.#quiet -= 1;
  }

  /** Whether it is worth looking further after something failed. */
  wantsMore(): boolean {
    return this.#quiet === 0 && !this.isOver && this.errors.length < errorsMax;
  }

  /** Notes that the place where we are is not as it should be. */
  fail(message: string): false {
    if (this.wantsMore()) {
      const path = this.#path.map((token) => `/${escapeToken(token)}`).join("");
      this.errors.push({ path: clip(path, pathCharsMax), message });
    }
    return false;
  }
}
