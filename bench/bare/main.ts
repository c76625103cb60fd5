import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { z } from "zod";

import { signingSecret } from "../load/request.ts";
import { serveLines } from "../process/line-server.ts";
import { openJournal } from "./journal.ts";

const ok = Buffer.from(JSON.stringify({ ok: true }));
const okHeaders = { "content-type": "application/json", "content-length": String(ok.length) };

const isGenuine = (body: Buffer, signature: unknown): boolean => {
  const expected = Buffer.from(`sha256=${createHmac("sha256", signingSecret).update(body).digest("hex")}`);
  const given = Buffer.from(String(signature));
  return given.length === expected.length && timingSafeEqual(given, expected);
};

const start = async (path: string): Promise<{ port: number }> => {
  const journal = await openJournal(path);
  const take = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const genuine = isGenuine(body, request.headers["x-hub-signature-256"]);
    if (genuine) await journal.append(body);
    response.writeHead(genuine ? 200 : 401, okHeaders);
    response.end(ok);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => void take(request, response, Buffer.concat(chunks)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0 };
};

serveLines((job) => start(z.object({ path: z.string() }).parse(job).path));
