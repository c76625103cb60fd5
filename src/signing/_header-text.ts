/** All but visible ASCII and inner spaces; `%` too, so that decoding always gives the original text. */
const unsafe = /[^\x20-\x7e]|%|^ +| +$/gu;

/**
 * Text that came from a sender as a header value: ordinary names stay as they are, the rest is percent-encoded UTF-8
 * (`decodeURIComponent` reads it), so that nobody can end a header or make the send fail.
 */
export const headerText = (text: string): string => text.toWellFormed().replaceAll(unsafe, encodeURIComponent);
