import { fieldTable } from "./_docs-fields.ts";
import { docsStyle } from "./_docs-style.ts";
import { type Html, html, nothing, prose } from "./_html.ts";
import { fieldsOf } from "./json-schema.ts";
import type { OpenApiDocument, OperationObject, ResponseObject } from "./openapi.ts";

type Operation = OperationObject & {
  readonly method: string;
  readonly path: string;
  readonly server: string;
  /** What shows a key. Null: it needs none. */
  readonly keyHeader: string | null;
};

const keyHeaderOf = ({ security }: OperationObject, { components }: OpenApiDocument): string | null => {
  const [scheme] = Object.keys(security[0] ?? {});
  const described = scheme === undefined ? undefined : components.securitySchemes[scheme];
  if (described === undefined) return null;
  return described.type === "http" ? "Authorization: Bearer $POSTERN_KEY" : `${described.name}: $POSTERN_KEY`;
};

const operationsOf = (document: OpenApiDocument): Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method,
      path,
      server: document.servers[0]?.url ?? "",
      keyHeader: keyHeaderOf(operation, document),
    })),
  );

const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

const code = (text: string): Html => html`<pre><code>${text}</code></pre>`;

const scopesOf = ({ security }: OperationObject): string[] => [
  ...new Set(security.flatMap((requirement) => Object.values(requirement).flat())),
];

/** What one types to try it. */
const curlOf = (operation: Operation): string => {
  const { method, path, server, requestBody, keyHeader } = operation;
  const example = requestBody?.content["application/json"]?.example;
  const lines = [
    `curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} ${server}${path}`,
    ...(keyHeader === null ? [] : [`-H "${keyHeader}"`]),
    ...(example === undefined ? [] : ['-H "content-type: application/json"', `-d '${pretty(example)}'`]),
  ];
  return lines.join(" \\\n  ");
};

const answer = ([status, { description, content }]: [string, ResponseObject]): Html => {
  const example = content?.["application/json"]?.example;
  return html`<p><strong>${status}</strong> ${prose(description)}</p>
    ${example === undefined ? nothing : code(pretty(example))}`;
};

const isSuccess = ([status]: [string, ResponseObject]): boolean => status.startsWith("2");

const errorRow = ([status, { description, content }]: [string, ResponseObject]): Html => {
  const example = content?.["application/json"]?.example;
  return html`<tr>
    <td>${status}</td>
    <td>${prose(description)}</td>
    <td>${example === undefined ? nothing : html`<code>${JSON.stringify(example)}</code>`}</td>
  </tr>`;
};

const errorTable = (errors: readonly [string, ResponseObject][]): Html =>
  errors.length === 0
    ? nothing
    : html`<h4>Errors</h4>
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th>Status</th>
                <th>When</th>
                <th>Body</th>
              </tr>
            </thead>
            <tbody>
              ${errors.map(errorRow)}
            </tbody>
          </table>
        </div>`;

const section = (operation: Operation): Html => {
  const { operationId, summary, description, method, path, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"]?.schema;
  const rows = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, required, description: meaning, schema }) => ({
        name,
        isRequired: required,
        schema: meaning === undefined ? schema : { ...schema, description: meaning },
      }));
  const answers = Object.entries(responses);
  return html`<article id="${operationId}">
    <h3>${summary}</h3>
    <p class="endpoint">
      <code><span class="method ${method}">${method.toUpperCase()}</span> ${path}</code>
    </p>
    ${scopesOf(operation).map((scope) => html`<p class="scope">Scope <code>${scope}</code></p>`)}
    ${description === undefined ? nothing : html`<p>${prose(description)}</p>`} ${fieldTable("Path", rows("path"))}
    ${fieldTable("Query", rows("query"))} ${body === undefined ? nothing : fieldTable("Body", fieldsOf(body))}
    <h4>Request</h4>
    ${code(curlOf(operation))}
    <h4>Answer</h4>
    ${answers.filter(isSuccess).map(answer)} ${errorTable(answers.filter((each) => !isSuccess(each)))}
  </article>`;
};

const intro = ({ info, servers }: OpenApiDocument): Html =>
  html`<h1>${info.title} ${info.version}</h1>
    <p>${prose(info.description)}</p>
    <p>
      Base URL: <code>${servers[0]?.url ?? ""}</code>. Bodies and answers are JSON, times ISO 8601 in UTC. Two APIs
      manage the same sources: the Krafter API under <code>/api/v1</code>, whose ids are UUIDs, and the hookstream API
      under <code>/v1</code>, whose ids are the same without dashes.
    </p>
    <p>
      Requests carry a key: <code>Authorization: Bearer …</code>, and under <code>/v1</code> also
      <code>X-API-Key: …</code>. A key belongs to one team (organization) and environment and has scopes;
      <code>webhooks:write</code> includes <code>webhooks:read</code>. Every answer has an <code>x-request-id</code>,
      and, where a rate is set, <code>x-ratelimit-limit</code>, <code>x-ratelimit-remaining</code> and
      <code>x-ratelimit-reset</code> (Unix seconds), or under <code>/v1</code> <code>ratelimit-limit</code>,
      <code>ratelimit-remaining</code> and <code>ratelimit-reset</code> (seconds to go).
    </p>
    <p>The same as a document for programs: <a href="/openapi.json">OpenAPI 3.1</a>.</p>`;

/** Byte for byte what the page's policy has the hash of. */
const style: Html = { html: `<style>${docsStyle}</style>` };

/** The documentation as one page: no script, nothing from elsewhere. */
export const docsPage = (document: OpenApiDocument): string => {
  const operations = operationsOf(document);
  const tags = document.tags.map(({ name }) => ({
    name,
    own: operations.filter(({ tags: own }) => own.includes(name)),
  }));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title}: API</title>
        ${style}
      </head>
      <body>
        <div class="page">
          <nav aria-label="Contents">
            ${tags.map(
              ({ name, own }) =>
                html`<h2>${name}</h2>
                  <ul>
                    ${own.map(({ operationId, summary }) => html`<li><a href="#${operationId}">${summary}</a></li>`)}
                  </ul>`,
            )}
          </nav>
          <main>
            ${intro(document)}
            ${tags.map(
              ({ name, own }) =>
                html`<section>
                  <h2>${name}</h2>
                  ${own.map(section)}
                </section>`,
            )}
          </main>
        </div>
      </body>
    </html> `;
  return page.html;
};
