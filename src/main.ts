#!/usr/bin/env node
// Nothing is imported before this is known: an older Node would end with an error that explains nothing.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `Postern needs Node 24.12 or newer and this is ${process.versions.node}; "npm start" uses its own.\n`,
  );
  process.exit(1);
}

// The store, its key, its backups, the control socket: whatever is made is its owner's alone.
process.umask(0o077);

const { systemClock } = await import("./lib/clock.ts");
const { run } = await import("./cli/run.ts");

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  exit: (code) => process.exit(code),
  onStopSignal: (listener) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => listener(signal));
  },
});
