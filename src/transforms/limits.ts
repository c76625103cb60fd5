/** Threads that expressions run on. The one of them that is not the offenders' is enough for simple expressions by the thousand. */
export const threadsMax = 2;

/** How long an expression may run. One that takes longer has no end, or is for a program of one's own. */
export const runMsMax = 500;

/** How long a thread may take to start and to load the language, beside that. */
export const startMsMax = 5_000;

/** Expressions that wait, of one connection and of all. */
export const waitingMax: { readonly each: number; readonly all: number } = { each: 1_000, all: 4_000 };

/** Bytes of a result. */
export const resultBytesMax: number = 5 * 1024 * 1024;

/** What a thread may use. One that wants more is ended, and its expression fails. */
export const threadLimits: {
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
  readonly stackSizeMb: number;
} = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/** Compiled expressions that a thread keeps. */
export const compiledMax = 200;
