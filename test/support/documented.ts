import { expect } from "vitest";

import { type DocumentedApi, describeApis } from "../../src/api/openapi.ts";

/** An operation, and the statuses that are documented. */
type Known = {
  readonly method: string;
  readonly template: string;
  readonly paths: RegExp;
  readonly statuses: readonly number[];
};

const toPattern = (template: string): RegExp => new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`);

const knownOf = (api: DocumentedApi): readonly Known[] =>
  Object.entries(describeApis({ version: "", publicUrl: "" }, [api], []).paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      method,
      template,
      paths: toPattern(template),
      statuses: Object.keys(responses).map(Number),
    })),
  );

/** By prefix: all gateways document the same. */
const known = new Map<string, readonly Known[]>();

/** Fails when a route answers with a status that its documentation leaves out. */
export const expectDocumented = (
  apis: readonly DocumentedApi[],
  request: { readonly method: string; readonly path: string },
  status: number,
): void => {
  const operations = apis.flatMap((api) => {
    const ofApi = known.get(api.prefix) ?? knownOf(api);
    known.set(api.prefix, ofApi);
    return ofApi;
  });
  const path = request.path.replace(/[?#].*/s, "");
  // A fixed path goes before one with a parameter, as in the server.
  const [found] = operations
    .filter(({ paths }) => paths.test(path))
    .toSorted((a, b) => Number(a.template.includes("{")) - Number(b.template.includes("{")));
  const method = request.method.toLowerCase();
  const operation = operations.find((one) => one.template === found?.template && one.method === method);
  if (operation === undefined) return;
  expect([request.method, path, operation.statuses]).toEqual([request.method, path, expect.arrayContaining([status])]);
};
