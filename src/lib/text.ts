/**
 * Text that any engine can store: lone surrogates become U+FFFD (UTF-8 cannot hold them), and so does U+0000
 * (PostgreSQL refuses it, and with it the whole batch).
 */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

/** At most `charsMax` UTF-16 units of `text`, never half a character. */
export const clip = (text: string, charsMax: number): string =>
  text.length <= charsMax ? text : text.slice(0, charsMax).toWellFormed();
