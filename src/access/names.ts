/** Characters of a name that people give, at most. */
export const nameCharsMax = 100;

/** Whether people can be shown this as the name of something. */
export const isName = (text: string): boolean =>
  text.trim() === text && text !== "" && text.length <= nameCharsMax && text.isWellFormed() && !/\p{Cc}/u.test(text);

/** What a name has to be, to follow its subject. */
export const nameRule: string = `must be 1 to ${nameCharsMax} characters, without control characters and spaces around it`;
