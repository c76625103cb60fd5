import { relative } from "node:path";

/** `sun_path` holds this many bytes and a NUL: 108 on Linux, 104 elsewhere. A longer path is cut off in silence. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;

/** The path is too long for a Unix socket, however it is written. */
export class SocketPathError extends Error {
  override readonly name = "SocketPathError";
  readonly code = "socket_path_too_long";
}

/**
 * How to name a Unix socket so that the operating system takes it: as it is, or from the working directory when only that
 * is short enough. @throws {SocketPathError}
 */
export const socketAddress = (path: string, workingDirectory: string): string => {
  if (Buffer.byteLength(path) <= pathBytesMax) return path;
  const fromHere = relative(workingDirectory, path);
  if (Buffer.byteLength(fromHere) <= pathBytesMax) return fromHere;
  throw new SocketPathError(
    `${path} has ${Buffer.byteLength(path)} bytes, and a socket's path may have ${pathBytesMax}; choose a shorter DATA_DIR`,
  );
};
