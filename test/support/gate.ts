import type { ReceiverAnswer } from "./receiver.ts";

/** A receiver's answer that waits until it is let through. */
export type Gate = {
  readonly answer: ReceiverAnswer;
  /** Requests that wait now, and the most that ever waited at once. */
  readonly waiting: number;
  readonly mostWaiting: number;
  /** Answers the oldest waiting requests; waits for them to come when there are fewer. */
  pass(count: number, status?: number): Promise<void>;
  /** Answers all that wait and all that come from now on. */
  open(status?: number): void;
};

export const createGate = (): Gate => {
  const held: ((status: number) => void)[] = [];
  let arrived = Promise.withResolvers<void>();
  let openStatus: number | null = null;
  let mostWaiting = 0;
  return {
    get waiting() {
      return held.length;
    },
    get mostWaiting() {
      return mostWaiting;
    },
    answer: async (_request, response) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      held.push(resolve);
      mostWaiting = Math.max(mostWaiting, held.length);
      arrived.resolve();
      arrived = Promise.withResolvers();
      if (openStatus !== null) held.shift()?.(openStatus);
      response.statusCode = await promise;
      response.end();
    },
    async pass(count, status = 200) {
      for (let passed = 0; passed < count; passed += 1) {
        while (held.length === 0) await arrived.promise;
        held.shift()?.(status);
      }
    },
    open(status = 200) {
      openStatus = status;
      for (const release of held.splice(0)) release(status);
    },
  };
};
