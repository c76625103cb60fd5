import { dueHeader } from "../load/request.ts";

/** A request as the sink needs to know it. */
export type SinkRequest = { readonly path: string; readonly dueUs: number };

const headEndMark = "\r\n\r\n";

/** The gateway writes names in lower case, and a pattern that minds the case is found faster. */
const lengthPattern = /\r\ncontent-length: *(\d+)/;
const duePattern = new RegExp(`\\r\\n${dueHeader}: *(\\d+)`);

const numberIn = (head: string, pattern: RegExp): number => Number(pattern.exec(head)?.[1] ?? 0);

/** Reads one request after the other from the chunks of a socket. */
export const requestReader = (onRequest: (request: SinkRequest) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer | null = null;
  return (chunk) => {
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    const headEnd = bytes.indexOf(headEndMark);
    const head = headEnd === -1 ? null : bytes.toString("latin1", 0, headEnd);
    if (head === null || bytes.length < headEnd + headEndMark.length + numberIn(head, lengthPattern)) {
      rest = bytes;
      return;
    }
    rest = null;
    onRequest({ path: head.split(" ", 2)[1] ?? "/", dueUs: numberIn(head, duePattern) });
  };
};
