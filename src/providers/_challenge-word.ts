/** Nothing that a browser or a shell could take for more than a word, and at most 1 KiB of it. */
const wordPattern = /^[A-Za-z0-9._~-]{1,1024}$/;

/** The same with blanks and colons: no markup, nor the end of a header or a line. */
const sentencePattern = /^[A-Za-z0-9._~: -]{1,1024}$/;

/** Whether a text is made of words and may be echoed as plain text. */
export const isChallengeSentence = (text: string): boolean => sentencePattern.test(text);

/** Whether a text is one that handshakes echo or sign for whoever asks. */
export const isChallengeWord = (text: string): boolean => wordPattern.test(text);
