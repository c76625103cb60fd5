import { z } from "zod";

import { http } from "./http.ts";

/** A source of the gateway, and where it takes events. */
export type MadeSource = { readonly id: string; readonly path: string };

/** Calls the management API. Throws on any answer but 2xx. Fields are those of the API. */
export type Client = {
  makeSource(fields: Readonly<Record<string, unknown>>): Promise<MadeSource>;
  /** Gives the destination's id. */
  makeDestination(source: MadeSource, fields: Readonly<Record<string, unknown>>): Promise<string>;
  /** Anything else. `path` below `/api/v1/webhooks`. Gives the answer, read as JSON. */
  call(method: string, path: string, body?: object): Promise<unknown>;
};

const sourceAnswer = z.object({ data: z.object({ id: z.string(), slug: z.string() }) });
const destinationAnswer = z.object({ data: z.object({ id: z.string() }) });

/** A client of the gateway at `url`. */
export const createClient = (url: string, key: string): Client => {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await http(`${url}/api/v1/webhooks${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = answer.body.toString();
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  return {
    makeSource: async (fields) => {
      const { id, slug } = sourceAnswer.parse(await call("POST", "/sources", fields)).data;
      return { id, path: `/in/${slug}` };
    },
    makeDestination: async ({ id }, fields) =>
      destinationAnswer.parse(await call("POST", `/sources/${id}/destinations`, fields)).data.id,
    call,
  };
};
