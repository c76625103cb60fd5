/** What the files that run in one process could leave each other, beside what is open. */
export type ProcessState = Readonly<Record<string, unknown>>;

/** Vitest says in some what it runs. */
const environment = (): string =>
  Object.keys(process.env)
    .filter((name) => !name.startsWith("VITEST"))
    .toSorted()
    .map((name) => `${name}=${process.env[name]}`)
    .join("\0");

/** As it is now. Each value is told from another by `Object.is`. */
export const processState = (): ProcessState => ({
  "the working directory": process.cwd(),
  "the environment": environment(),
  Date,
  "Math.random": Math.random,
  setTimeout,
  setInterval,
  setImmediate,
  "process.nextTick": process.nextTick,
});

/** What is not as it was. */
export const changesSince = (before: ProcessState): string[] => {
  const now = processState();
  return Object.keys(now).filter((what) => !Object.is(now[what], before[what]));
};
