import { chmod, rm } from "node:fs/promises";

import Fastify from "fastify";

import type { Control } from "./control.ts";

/** Names, scopes and paths: nothing that an operation takes is long. */
const bodyBytesMax = 64 * 1024;

/** Its owner alone can connect. */
const socketMode = 0o600;

/** A control socket that is listened on. */
export type ControlSocket = {
  /** Waits for the operations under way. */
  close(): Promise<void>;
};

/**
 * Serves the operations on a Unix socket, `POST /<operation>`. The caller holds the directory's lock: a socket that is
 * there already was left by a process that was killed. Whoever can connect may do everything, so the directory should be
 * its owner's alone.
 */
export const openControlSocket = async (path: string, control: Control): Promise<ControlSocket> => {
  await rm(path, { force: true });
  const server = Fastify({ bodyLimit: bodyBytesMax });
  server.post<{ Params: { operation: string } }>("/:operation", ({ params, body }) =>
    control.run(params.operation, body),
  );
  await server.listen({ path });
  await chmod(path, socketMode);
  return { close: () => server.close() };
};
