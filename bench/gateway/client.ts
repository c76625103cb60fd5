import { createClient as createApiClient, type MadeSource } from "../../harness/client.ts";
import { dueHeader, signingSecret } from "../load/request.ts";

/** A source of the gateway. */
export type BenchSource = MadeSource;

/** Calls the management API. Throws on any answer but 2xx. */
export type Client = {
  makeSource(name: string): Promise<BenchSource>;
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
    makeDestination: (source, destination) =>
      makeDestination(source, {
        url: destination.url,
        max_concurrency: destination.concurrency,
        forward_headers: [dueHeader],
      }),
    get: (path) => call("GET", path),
  };
};
