/** Runs of something that many ask for at once: they share one, but only one that begins after they asked. */
export const shareRuns = (run: () => Promise<void>): (() => Promise<void>) => {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    next = null;
    const mine = run();
    last = mine.catch(() => null);
    return mine;
  };
  return () => (next ??= last.then(begin));
};
