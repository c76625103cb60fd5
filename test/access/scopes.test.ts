import * as fc from "fast-check";
import { expect, test } from "vitest";

import {
  allows,
  beyond,
  fromScopesText,
  parseScopes,
  type Scope,
  scopeNames,
  toScopesText,
} from "../../src/access/scopes.ts";

const scope = fc.constantFrom(...scopeNames);
const someScopes = fc.uniqueArray(scope, { minLength: 1 });

const table: Record<Scope, Scope[]> = {
  "webhooks:read": ["webhooks:read"],
  "webhooks:write": ["webhooks:read", "webhooks:write"],
  "push:read": ["push:read"],
  "push:write": ["push:read", "push:write"],
  "*": ["webhooks:read", "webhooks:write", "push:read", "push:write", "*"],
};

test.for(Object.entries(table) as [Scope, Scope[]][])("a key with %s may do exactly %j", ([held, may]) => {
  expect(scopeNames.filter((needed) => allows([held], needed))).toEqual(may);
});

test("no scope allows nothing", () => {
  expect(scopeNames.filter((needed) => allows([], needed))).toEqual([]);
});

test("whatever a key that was passed on may do, its maker may do", () => {
  fc.assert(
    fc.property(someScopes, someScopes, scope, (held, wanted, needed) => {
      if (beyond(held, wanted).length === 0 && allows(wanted, needed)) expect(allows(held, needed)).toBe(true);
    }),
  );
});

test("what cannot be passed on is named", () => {
  expect(beyond(["webhooks:write", "push:read"], ["webhooks:read", "push:write", "*"])).toEqual(["push:write", "*"]);
});

test("scopes are read once each and in one order", () => {
  expect(parseScopes(["push:read", "webhooks:write", "push:read"])).toEqual({
    kind: "scopes",
    scopes: ["webhooks:write", "push:read"],
  });
});

test("an unknown scope is refused with the list of those that exist", () => {
  expect(parseScopes(["webhooks:read", "webhooks:admin"])).toEqual({
    kind: "refused",
    message: 'unknown scope "webhooks:admin"; valid scopes: webhooks:read, webhooks:write, push:read, push:write, *',
  });
});

test.for([[[]], [[""]], [["webhooks"]], [["WEBHOOKS:READ"]], [["webhooks:read "]], [["toString"]]])(
  "%j are no scopes",
  ([names]) => {
    expect(parseScopes(names!).kind).toBe("refused");
  },
);

test("a row keeps scopes, and a scope of a later version allows nothing", () => {
  fc.assert(
    fc.property(someScopes, (scopes) => {
      expect(new Set(fromScopesText(toScopesText(scopes)))).toEqual(new Set(scopes));
    }),
  );
  expect(fromScopesText("webhooks:read billing:write")).toEqual(["webhooks:read"]);
});
