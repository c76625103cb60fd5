import { expect } from "vitest";

import { type DocumentedApi, describeApis } from "../../src/api/openapi.ts";
import type { RouteInfo } from "../../src/api/route.ts";

type Request = { readonly method: string; readonly path: string };

/** What a route's paths are, and what it is documented to answer. */
type Known = { readonly paths: RegExp; statuses?: readonly number[] };

const known = new WeakMap<RouteInfo, Known>();

const knownOf = (prefix: string, route: RouteInfo): Known => {
  const found = known.get(route) ?? {
    paths: new RegExp(`^${(prefix + route.path).replaceAll(/:\w+/g, "[^/]+")}$`),
  };
  known.set(route, found);
  return found;
};

/** The route that answers a request. Undefined: there is none, or none with this method. */
const routeOf = ({ prefix, routes }: DocumentedApi, { method, path }: Request): RouteInfo | undefined => {
  // A fixed path goes before one with a parameter, as in the server.
  const [found] = routes
    .filter((route) => knownOf(prefix, route).paths.test(path))
    .toSorted((a, b) => Number(a.path.includes(":")) - Number(b.path.includes(":")));
  return routes.find((route) => route.path === found?.path && route.method === method);
};

const readStatuses = (api: DocumentedApi, route: RouteInfo): readonly number[] => {
  const { paths } = describeApis({ version: "", publicUrl: "" }, [{ ...api, routes: [route] }], []);
  return Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ responses }) => Object.keys(responses).map(Number));
};

const statusesOf = (api: DocumentedApi, route: RouteInfo): readonly number[] => {
  const found = knownOf(api.prefix, route);
  return (found.statuses ??= readStatuses(api, route));
};

/** Fails when a route answers with a status that its documentation leaves out. */
export const expectDocumented = (apis: readonly DocumentedApi[], request: Request, status: number): void => {
  const { method } = request;
  const path = request.path.replace(/[?#].*/s, "");
  for (const api of apis) {
    const route = routeOf(api, { method, path });
    if (route === undefined) continue;
    const statuses = statusesOf(api, route);
    if (statuses.includes(status)) continue;
    expect.fail(`${method} ${path} answered ${status}; documented are ${statuses.join()}`);
  }
};
