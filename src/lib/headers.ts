/**
 * Headers as they came off the wire: lower-case names, repeats kept, in order. A value is a latin1 string, one
 * character per byte, which is how Node's HTTP parser hands it over.
 */
export type Headers = readonly (readonly [name: string, value: string])[];

/** The first value of a header, or undefined. `name` must be lower case. */
export const findHeader = (headers: Headers, name: string): string | undefined =>
  headers.find(([here]) => here === name)?.[1];

/** Every value of a header, in the order of arrival. `name` must be lower case. */
export const allHeaders = (headers: Headers, name: string): string[] => {
  const values: string[] = [];
  // Asked for several names of every event: it makes no list but this one.
  for (const header of headers) if (header[0] === name) values.push(header[1]);
  return values;
};

/** `headers` with every occurrence of the named ones gone, and `replacements` at the end. */
export const replaceHeaders = (headers: Headers, replacements: Headers): Headers => {
  const replaced = new Set(replacements.map(([name]) => name));
  return [...headers.filter(([name]) => !replaced.has(name)), ...replacements];
};
