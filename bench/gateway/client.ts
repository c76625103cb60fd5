import { z } from "zod";

import { dueHeader, signingSecret } from "../load/request.ts";

/** A source of the gateway. */
export type BenchSource = { readonly id: string; readonly path: string };

/** Calls the management API. Throws on any answer but 2xx. */
export type Client = {
  makeSource(name: string): Promise<BenchSource>;
  /** Gives the destination's id. */
  makeDestination(source: BenchSource, destination: { url: string; concurrency: number }): Promise<string>;
  /** Any list or page, for the time that it takes. */
  get(path: string): Promise<unknown>;
};

const sourceAnswer = z.object({ data: z.object({ id: z.string(), slug: z.string() }) });
const destinationAnswer = z.object({ data: z.object({ id: z.string() }) });

/** A client of the gateway at `url`. */
export const createClient = (url: string, key: string): Client => {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/webhooks${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    makeSource: async (name) => {
      const made = await call("POST", "/sources", { name, provider: "github", signing_secret: signingSecret });
      const { id, slug } = sourceAnswer.parse(made).data;
      return { id, path: `/in/${slug}` };
    },
    makeDestination: async ({ id }, destination) => {
      const made = await call("POST", `/sources/${id}/destinations`, {
        url: destination.url,
        max_concurrency: destination.concurrency,
        forward_headers: [dueHeader],
      });
      return destinationAnswer.parse(made).data.id;
    },
    get: (path) => call("GET", path),
  };
};
