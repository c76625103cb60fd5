/** Nothing that a browser or a shell could take for more than a word, and at most 1 KiB of it. */
const wordPattern = /^[A-Za-z0-9._~-]{1,1024}$/;

/** Whether a text is one that handshakes echo or sign for whoever asks. */
export const isChallengeWord = (text: string): boolean => wordPattern.test(text);
