import { z } from "zod";

import { createClient as createApiClient, type MadeSource } from "../../harness/client.ts";
import { http } from "../../harness/http.ts";
import { dueHeader, signingSecret } from "../load/request.ts";

/** A source of the gateway. */
export type BenchSource = MadeSource;

const hash = { type: "string", pattern: "^[0-9a-f]{40}$" };
const person = {
  type: "object",
  required: ["name", "email"],
  properties: { name: { type: "string", minLength: 1 }, email: { type: "string", pattern: "^[^@ ]+@[^@ ]+$" } },
};

/** What a push must be like, as somebody would write it down who relies on it. */
const pushSchema = {
  type: "object",
  required: ["ref", "before", "after", "repository", "commits"],
  properties: {
    ref: { type: "string", pattern: "^refs/" },
    before: hash,
    after: hash,
    pusher: person,
    repository: {
      type: "object",
      required: ["id", "full_name"],
      properties: { id: { type: "integer", minimum: 0 }, full_name: { type: "string" }, private: { type: "boolean" } },
    },
    commits: {
      type: "array",
      maxItems: 2048,
      items: {
        type: "object",
        required: ["id", "message"],
        properties: { id: hash, message: { type: "string" }, added: { type: "array", items: { type: "string" } } },
      },
    },
  },
};

const ruledAnswer = z.object({ source: z.object({ id: z.string() }) });

/** Calls the management API. Throws on any answer but 2xx. */
export type Client = {
  makeSource(name: string): Promise<BenchSource>;
  /** A source of the hookstream API that drops repeats by GitHub's id, and takes only what is like GitHub's pushes. */
  makeRuledSource(name: string): Promise<BenchSource>;
  /** Gives the destination's id. */
  makeDestination(source: BenchSource, destination: { url: string; concurrency: number }): Promise<string>;
  /** Any list or page, for the time that it takes. */
  get(path: string): Promise<unknown>;
};

/** A client of the gateway at `url` that makes what a benchmark needs. */
export const createClient = (url: string, key: string): Client => {
  const { makeSource, makeDestination, call } = createApiClient(url, key);
  return {
    makeSource: (name) => makeSource({ name, provider: "github", signing_secret: signingSecret }),
    makeRuledSource: async (name) => {
      const answer = await http(`${url}/v1/sources`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({
          name,
          slug: name,
          template: "github",
          verification_secret: signingSecret,
          dedup_strategy: "provider_id",
          schema_validation_enabled: true,
          schema_action: "reject",
          json_schema: pushSchema,
        }),
      });
      const { id } = ruledAnswer.parse(JSON.parse(answer.body.toString())).source;
      return { id, path: `/v1/ingest/${id}` };
    },
    makeDestination: (source, destination) =>
      makeDestination(source, {
        url: destination.url,
        max_concurrency: destination.concurrency,
        forward_headers: [dueHeader],
      }),
    get: (path) => call("GET", path),
  };
};
