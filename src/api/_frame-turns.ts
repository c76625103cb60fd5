import type { Observer } from "../observe/observe.ts";
import type { Frame, WebSocketConnection } from "./_web-socket.ts";

/** Frames of one connection that wait for their commit, above and below which it is not read and read again. */
const waitingFrames = { most: 64, few: 16 } as const;

const closeCodes = { goingAway: 1001, policy: 1008, failed: 1011 } as const;

/** What becomes of the frames of one connection. */
export type FrameTurnParts = {
  /** Whether its sender may still send. */
  readonly mayGoOn: () => Promise<boolean>;
  /** Takes a frame, and gives what is answered. */
  readonly take: (frame: Frame) => Promise<string>;
  readonly observer: Pick<Observer, "faulted">;
};

/** The frames of one connection: taken, and answered, in the order in which they came. */
export type FrameTurns = {
  frame(frame: Frame): void;
  /** Takes no more, and says goodbye once those that wait are answered. */
  leave(): void;
};

export const createFrameTurns = (
  { mayGoOn, take, observer }: FrameTurnParts,
  connection: WebSocketConnection,
): FrameTurns => {
  let waiting = 0;
  let isLeaving = false;
  let allowed = Promise.resolve(true);
  let answered: Promise<void> = Promise.resolve();

  const leaveIfDone = (): void => {
    if (waiting > 0) return;
    // To hear that the client leaves, too.
    connection.resume();
    connection.close(closeCodes.goingAway, "Going away");
  };
  const answer = async (taken: Promise<string | null>): Promise<void> => {
    const text = await taken;
    waiting -= 1;
    if (text === null) connection.close(closeCodes.policy, "Unauthorized");
    else connection.send(text);
    if (isLeaving) leaveIfDone();
    else if (waiting === waitingFrames.few) connection.resume();
  };
  return {
    frame: (frame) => {
      // It is not answered, so its sender sends it again.
      if (isLeaving) return;
      waiting += 1;
      if (waiting === waitingFrames.most) connection.pause();
      allowed = allowed.then(mayGoOn);
      const taken = allowed.then((isAllowed) => (isAllowed ? take(frame) : null));
      answered = answered
        .then(() => answer(taken))
        .catch((error: unknown) => {
          observer.faulted({ task: "answer a frame", error });
          connection.close(closeCodes.failed, "Internal error");
        });
    },
    leave: () => {
      isLeaving = true;
      leaveIfDone();
    },
  };
};
