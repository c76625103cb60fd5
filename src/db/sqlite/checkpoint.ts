import type { Thread } from "./thread.ts";

/** Pages of the write-ahead log after which a checkpoint starts beside the writer. 4 MiB with our pages. */
const framesStart = 512;

/** What a checkpointer needs: a thread beside the writer for the long step, the writer itself for the short one. */
export type CheckpointThreads = { beside: Pick<Thread, "ask">; writer: Pick<Thread, "ask"> };

/** Keeps the write-ahead log short. */
export type Checkpointer = {
  /** Tells how long the log is after a commit. */
  saw(frames: number): void;
  /** Called after each commit, while the writer is held. Waits only when the log has reached its bound. */
  afterCommit(): Promise<void>;
  /** Frames in the log when it was last looked at. */
  frames(): number;
};

/**
 * Two steps, because a checkpoint that only runs beside a busy writer never resets the log (measured: 1.2 GB in 14 s,
 * and half the speed): first nearly everything is copied beside the writer, then the writer copies the rest between two
 * commits, after which its next commit starts the log from the front. Above `framesMax` the writer waits.
 */
export const createCheckpointer = (
  { beside, writer }: CheckpointThreads,
  framesMax: number,
  onError: (error: unknown) => void,
): Checkpointer => {
  let frames = 0;
  let running: Promise<void> | null = null;
  let copied = false;

  const copyBeside = async (): Promise<void> => {
    try {
      await beside.ask({ kind: "checkpoint", mode: "passive" });
      copied = true;
    } catch (error) {
      onError(error);
    } finally {
      running = null;
    }
  };
  const finish = async (): Promise<void> => {
    copied = false;
    const state = await writer.ask({ kind: "checkpoint", mode: "passive" });
    frames = state.frames === state.checkpointed ? 0 : state.frames;
  };

  return {
    frames: () => frames,
    saw: (seen) => {
      frames = seen;
    },
    afterCommit: async () => {
      try {
        if (copied) await finish();
        if (frames < framesStart) return;
        running ??= copyBeside();
        if (frames < framesMax) return;
        await running;
        await finish();
      } catch (error) {
        // The commit itself stands. The log is looked at again after the next one.
        onError(error);
      }
    },
  };
};
