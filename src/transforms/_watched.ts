/** What a process ends itself by when an expression takes too much of something. Nobody else sends them, and they leave no core. */
export const endSignals = { memory: "SIGUSR2", time: "SIGVTALRM" } as const;

/** What can be taken between two looks of the watch is little. */
export const lookEveryMs = 20;

/** The numbers that are shared: turns are counted, the other one never changes. */
const turnCell = 0;
const stillCell = 1;

export const makeCells = (): Int32Array => new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

/** An expression begins: the number of its turn is odd. */
export const beginTurn = (cells: Int32Array): number => {
  const turn = Atomics.add(cells, turnCell, 1) + 1;
  Atomics.notify(cells, turnCell);
  return turn;
};

/** It ended. False when it was condemned before. */
export const endTurn = (cells: Int32Array, turn: number): boolean =>
  Atomics.compareExchange(cells, turnCell, turn, turn + 1) === turn;

/** It takes too much. False when it ended before: then nobody may be ended for it. */
export const condemnTurn = (cells: Int32Array, turn: number): boolean =>
  Atomics.compareExchange(cells, turnCell, turn, -1) === turn;

/** Waits for an expression, and then for as long as most of them take; null when it has ended. For threads that may stand still. */
export const awaitTurn = (cells: Int32Array): number | null => {
  const before = Atomics.load(cells, turnCell);
  if (before % 2 === 0) Atomics.wait(cells, turnCell, before);
  Atomics.wait(cells, stillCell, 0, lookEveryMs);
  const turn = Atomics.load(cells, turnCell);
  return turn % 2 === 0 ? null : turn;
};
