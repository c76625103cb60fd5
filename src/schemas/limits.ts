/** Characters of a schema's JSON text. */
export const schemaCharsMax = 65_536;

/** Objects and arrays inside each other in a schema. */
export const schemaDepthMax = 100;

/** Schemas inside each other while a value is looked at, references included. Well below what the stack holds. */
export const evaluationDepthMax = 500;

/**
 * What looking at one value may take, in units of about 20 ns: a keyword that is looked at is one, and so is each member,
 * item or alternative of it, and each state of a pattern that a character meets. So no value holds up the event loop for more
 * than 10 to 30 ms, whatever the schema.
 */
export const workMax = 500_000;

/** Mistakes that are told of one value. */
export const errorsMax = 20;

/** Characters of the path that a mistake is told with: the names in it are the sender's. */
export const pathCharsMax = 300;

/** Characters of one pattern, and groups inside each other in it. */
export const patternCharsMax = 2000;
export const patternDepthMax = 50;

/** States of one pattern, and of all patterns of a schema: `[a-z]{100}` has a hundred. */
export const patternStatesMax = 1000;
export const allPatternStatesMax = 10_000;

/** Numbers that the patterns of one schema may remember of how they moved through earlier texts; 8 bytes each at most. */
export const patternMemoryMax = 32_768;
