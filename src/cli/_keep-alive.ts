/**
 * Runs `work`, and keeps the process from ending before it is done: the gateway's timers do not, so that a forgotten one
 * never holds up its end.
 */
export const keepAlive = async <T>(work: () => Promise<T>): Promise<T> => {
  const { port1, port2 } = new MessageChannel();
  port1.ref();
  port1.addEventListener("message", () => null);
  try {
    return await work();
  } finally {
    port1.close();
    port2.close();
  }
};
