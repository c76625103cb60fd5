/** What a key can be allowed to do: `x:write` includes `x:read`, and `*` is everything. */
export const scopeNames = ["webhooks:read", "webhooks:write", "push:read", "push:write", "*"] as const;

export type Scope = (typeof scopeNames)[number];

/** A key's scopes, each once, in the order of `scopeNames`. */
export type Scopes = readonly Scope[];

const includes: Readonly<Record<Scope, Scopes>> = {
  "webhooks:read": ["webhooks:read"],
  "webhooks:write": ["webhooks:write", "webhooks:read"],
  "push:read": ["push:read"],
  "push:write": ["push:write", "push:read"],
  "*": scopeNames,
};

/** Whether a holder of `held` may do what takes `needed`. Only `*` covers `*`. */
export const allows = (held: Scopes, needed: Scope): boolean => held.some((scope) => includes[scope].includes(needed));

/** Those of `wanted` that a holder of `held` cannot pass on, because nobody makes a key that may do more than they may. */
export const beyond = (held: Scopes, wanted: Scopes): Scopes => wanted.filter((scope) => !allows(held, scope));

/** Scopes as a person named them, or a sentence that says what is wrong with them. */
export type ParsedScopes =
  | { readonly kind: "scopes"; readonly scopes: Scopes }
  | { readonly kind: "refused"; readonly message: string };

const known: ReadonlySet<string> = new Set(scopeNames);

/** Reads scopes as a person names them. None at all is refused, as are names that do not exist. */
export const parseScopes = (names: readonly string[]): ParsedScopes => {
  const valid = `valid scopes: ${scopeNames.join(", ")}`;
  if (names.length === 0) return { kind: "refused", message: `a key needs at least one scope; ${valid}` };
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 40)));
    return { kind: "refused", message: `unknown scope ${shown.join(", ")}; ${valid}` };
  }
  return { kind: "scopes", scopes: scopeNames.filter((scope) => names.includes(scope)) };
};

/** Scopes as a row holds them. */
export const toScopesText = (scopes: Scopes): string => scopes.join(" ");

/** Reads a row's scopes. A name that this version does not know allows nothing. */
export const fromScopesText = (text: string): Scopes => {
  const names = text.split(" ");
  return scopeNames.filter((scope) => names.includes(scope));
};
