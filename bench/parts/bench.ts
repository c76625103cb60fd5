import type { Children } from "../../harness/children.ts";
import type { Stores } from "../gateway/stores.ts";
import type { LoadGenerator } from "../load/generator.ts";
import type { Options, PartLetter } from "../options.ts";
import type { Sink } from "../sink/receiver.ts";

/** What every part of the benchmark uses. */
export type Bench = {
  readonly options: Options;
  readonly children: Children;
  readonly load: LoadGenerator;
  readonly sink: Sink;
  readonly stores: Stores;
  /** A fresh directory below the benchmark's own. */
  newDirectory(name: string): string;
  /** Where the profiles of a part's next gateway go. Null: none are wanted. */
  profileDirectory(part: PartLetter): string | null;
  /** Tells whoever waits what is being done. */
  say(line: string): void;
};
