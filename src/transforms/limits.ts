/** Processes that expressions run in. The one of them that is not the offenders' is enough for simple expressions by the thousand. */
export const processesMax = 2;

/** Processor time of an expression. One that takes longer has no end, or is for a program of one's own. */
export const runMsMax = 500;

/** How long a process may take to start and to load the language. It takes a fifth of a second, of a machine that has time for it. */
export const startMsMax = 30_000;

/** How long it may take to answer. If it takes longer the machine is busy, and the expression is tried again. */
export const answerMsMax = 5_000;

/** Expressions that wait, of one connection and of all. */
export const waitingMax: { readonly each: number; readonly all: number } = { each: 1_000, all: 4_000 };

/** Bytes of a result. */
export const resultBytesMax: number = 5 * 1024 * 1024;

/** Objects and arrays around a value of a result. What reads it afterwards does so by functions that call themselves. */
export const resultDepthMax = 500;

/** Characters of what is said of an expression that failed. The language puts the offending value into it, however long. */
export const errorCharsMax = 1_000;

/** Memory for the values of an expression. One that wants more is ended with its process, and has failed. */
export const valuesMiBMax = 128;

/** Memory for the languages of the expressions that a process keeps, beside that: 140 KiB each. */
export const languagesMiB = 32;

/** All memory of a process: Node takes 60 MiB, and long texts are partly kept outside the heap, where V8 does not limit them. */
export const processMiBMax = 400;

/** How deep an expression may go, as room for its calls. */
export const stackKiB = 4_000;

/** Compiled expressions that a process keeps. */
export const compiledMax = 200;
