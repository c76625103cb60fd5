import { fieldsOf, type JsonSchema, toJsonSchema } from "./json-schema.ts";
import type { RouteInfo } from "./route.ts";

type Content = { readonly [mediaType: string]: { readonly schema: JsonSchema; readonly example?: unknown } };

export type ParameterObject = {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
};

export type ResponseObject = { readonly description: string; readonly content?: Content };

/** One operation, as OpenAPI describes it. */
export type OperationObject = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: Security;
  readonly parameters: readonly ParameterObject[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject>>;
};

/** The part of an OpenAPI 3.1 document that is used here. https://spec.openapis.org/oas/v3.1.0 */
export type OpenApiDocument = {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, SecurityScheme>> };
};

/** An answer that many routes give when they do not do what was asked. */
export type DocumentedError = {
  readonly status: number;
  readonly description: string;
  readonly example: unknown;
  readonly appliesTo: (route: RouteInfo) => boolean;
};

/** What an operation asks for: any one of these, each a scheme with the scopes that it takes. */
type Security = readonly Readonly<Record<string, readonly string[]>>[];

/** One dialect: where its routes begin, what they answer beside their own, and how they know who asks. */
export type DocumentedApi = {
  readonly prefix: string;
  /** What tells its operations and headings from those of another dialect. Null: they go without. */
  readonly name: string | null;
  readonly routes: readonly RouteInfo[];
  readonly errors: readonly DocumentedError[];
  /** A refusal's body, as the dialect writes all of them. */
  readonly refusalExample: (status: number, sentence: string) => unknown;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
  readonly security: (scope: string) => Security;
};

/** How a key is shown, as OpenAPI describes it. */
export type SecurityScheme =
  | { readonly type: "http"; readonly scheme: "bearer"; readonly description: string }
  | { readonly type: "apiKey"; readonly in: "header" | "cookie"; readonly name: string; readonly description: string };

/** An operation that is no route of a dialect. */
export type ExtraOperation = { readonly path: string; readonly method: string; readonly operation: OperationObject };

const json = "application/json";

/** `Create a source` is `createSource`. */
const operationIdOf = (summary: string): string =>
  summary
    .toLowerCase()
    .replaceAll(/\b(?:an?|the) /g, "")
    .replaceAll(/ (\w)/g, (_, letter: string) => letter.toUpperCase());

const parametersOf = (schema: JsonSchema, place: "path" | "query"): ParameterObject[] =>
  fieldsOf(schema).map(({ name, schema: { description, ...rest }, isRequired }) => ({
    name,
    in: place,
    required: isRequired,
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));

const requestBodyOf = ({ body, bodyExample }: RouteInfo): Pick<OperationObject, "requestBody"> => {
  const schema = toJsonSchema(body, "input");
  const fields = fieldsOf(schema);
  if (fields.length === 0) return {};
  const example = bodyExample === undefined ? {} : { example: bodyExample };
  const required = fields.some(({ isRequired }) => isRequired);
  return { requestBody: { required, content: { [json]: { schema, ...example } } } };
};

const answersOf = ({ answers }: RouteInfo): [string, ResponseObject][] =>
  Object.entries(answers).map(([status, { description, body, example }]) => {
    if (body === null) return [status, { description }];
    const shown = example === undefined ? {} : { example };
    return [status, { description, content: { [json]: { schema: toJsonSchema(body, "output"), ...shown } } }];
  });

const toRefusal = (description: string, example: unknown): ResponseObject => ({
  description,
  content: { [json]: { schema: { type: "object" }, example } },
});

const errorsOf = (route: RouteInfo, { errors, refusalExample }: DocumentedApi): [string, ResponseObject][] => [
  ...errors
    .filter(({ appliesTo }) => appliesTo(route))
    .map(({ status, description, example }): [string, ResponseObject] => [
      String(status),
      toRefusal(description, example),
    ]),
  ...Object.entries(route.refusals ?? {}).map(([status, sentence]): [string, ResponseObject] => [
    status,
    toRefusal(`${sentence}.`, refusalExample(Number(status), sentence)),
  ]),
];

const toOperation = (route: RouteInfo, api: DocumentedApi): OperationObject => ({
  operationId: operationIdOf(api.name === null ? route.summary : `${api.name} ${route.summary}`),
  tags: [api.name === null ? route.tag : `${route.tag} (${api.name})`],
  summary: route.summary,
  ...(route.description === undefined ? {} : { description: route.description }),
  security: api.security(route.scope),
  parameters: [
    ...parametersOf(toJsonSchema(route.params, "input"), "path"),
    ...parametersOf(toJsonSchema(route.query, "input"), "query"),
  ],
  ...requestBodyOf(route),
  // A route's own answer says more than what all routes say of the same status.
  responses: Object.fromEntries([...errorsOf(route, api), ...answersOf(route)]),
});

/** `/sources/:id` is `/sources/{id}`. */
const toTemplate = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

const operationsOf = (api: DocumentedApi): ExtraOperation[] =>
  api.routes.map((route) => ({
    path: api.prefix + toTemplate(route.path),
    method: route.method.toLowerCase(),
    operation: toOperation(route, api),
  }));

/** Describes everything that the server answers, from the very objects that answer it. */
export const describeApis = (
  { version, publicUrl }: { readonly version: string; readonly publicUrl: string },
  apis: readonly DocumentedApi[],
  extras: readonly ExtraOperation[],
): OpenApiDocument => {
  const paths: Record<string, Record<string, OperationObject>> = {};
  const operations = [...apis.flatMap(operationsOf), ...extras];
  for (const { path, method, operation } of operations) (paths[path] ??= {})[method] = operation;
  return {
    openapi: "3.1.0",
    info: {
      title: "Postern",
      version,
      description: "A webhook gateway: it receives, verifies, stores, forwards, retries and replays.",
    },
    servers: [{ url: publicUrl }],
    tags: [...new Set(operations.flatMap(({ operation }) => operation.tags))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: Object.fromEntries(apis.flatMap(({ securitySchemes }) => Object.entries(securitySchemes))),
    },
  };
};
