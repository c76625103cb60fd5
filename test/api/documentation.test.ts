import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";
import { z } from "zod";

import { http } from "../../harness/http.ts";
import { docsPage } from "../../src/api/_docs-page.ts";
import { describeApis, type OpenApiDocument } from "../../src/api/openapi.ts";
import { startGateway } from "../support/gateway.ts";
import { bodyFor, startFilled } from "../support/routes.ts";

const operationsOf = ({ paths }: OpenApiDocument) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

const fetchDocument = async () => {
  const gateway = await startGateway();
  const answer = await http(`${gateway.url}/openapi.json`);
  return { ...gateway, answer, document: JSON.parse(answer.body.toString()) as OpenApiDocument };
};

describe("/openapi.json", () => {
  test("describes every route that the server has, and the ingest URL", async () => {
    const { document, answer, routes, hookstreamRoutes } = await fetchDocument();
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "Postern" },
      servers: [{ url: "https://hooks.example.com" }],
    });
    const described = operationsOf(document).map(({ path, method }) => `${method} ${path}`);
    const under = (prefix: string, { method, path }: { method: string; path: string }): string =>
      `${method.toLowerCase()} ${prefix}${path.replaceAll(/:(\w+)/g, "{$1}")}`;
    const real = [
      ...routes.map((route) => under("/api/v1", route)),
      ...hookstreamRoutes.map((route) => under("/v1", route)),
    ];
    const beside = [
      "post /in/{slug}",
      "post /v1/ingest/{source_id}",
      "get /v1/ws/ingest/{source_id}",
      "get /healthz",
      "get /readyz",
      "get /metrics",
    ];
    expect(described.toSorted()).toEqual([...real, ...beside].toSorted());
  });

  test("names every operation once, every parameter of its path, and the scope that it takes", async () => {
    const { document } = await fetchDocument();
    const operations = operationsOf(document);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]*$/);
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
      expect([path, inPath.map(({ name }) => name)]).toEqual([
        path,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      ]);
      for (const { required } of inPath) expect(required).toBe(true);
      if (path.startsWith("/v1/sources") || path.startsWith("/v1/events")) {
        const scopes = [expect.stringMatching(/^webhooks:(read|write)$/)];
        expect(operation.security).toEqual(
          expect.arrayContaining([{ hookstreamKey: scopes }, { hookstreamBearer: scopes }]),
        );
        expect(Object.keys(operation.responses)).toEqual(
          expect.arrayContaining(["400", "401", "403", "429", "500", "503"]),
        );
      }
      if (!path.startsWith("/api/v1")) continue;
      expect(operation.security).toEqual([{ apiKey: [expect.stringMatching(/^webhooks:(read|write)$/)] }]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["401", "403", "429", "500", "503"]));
    }
  });

  test("shows what a body takes, as it is checked", async () => {
    const { document, core } = await fetchDocument();
    const { requestBody } = document.paths["/api/v1/webhooks/sources"]!["post"]!;
    expect(requestBody).toMatchObject({
      required: true,
      content: {
        "application/json": {
          schema: {
            required: ["name"],
            properties: {
              name: { type: "string", minLength: 1, maxLength: 255 },
              provider: { enum: [...core.catalog.keys()], default: "generic" },
              retention_days: { type: "integer", minimum: 1, maximum: 365, default: 30 },
            },
          },
        },
      },
    });
    expect(document.paths["/api/v1/webhooks/sources/{id}"]!["get"]).not.toHaveProperty("requestBody");
    const schema = document.paths["/v1/sources"]!["post"]!.requestBody?.content["application/json"]!.schema;
    expect(schema).toMatchObject({
      required: ["name", "slug"],
      properties: { slug: { type: "string", pattern: "^[a-z0-9-]+$" }, org_id: expect.anything() },
    });
  });
});

describe("what is documented is what is answered", () => {
  test("every route's answer has exactly the fields of its description", async () => {
    const { routes, request, pathOf } = await startFilled({
      parts: { sendTest: async () => ({ kind: "answered", status: 200 }) },
    });
    const deleting = routes.filter(({ method }) => method === "DELETE").toReversed();
    const others = routes.filter(({ method }) => method !== "DELETE");
    for (const route of [...others, ...deleting]) {
      const path = `${pathOf(route)}${route.path.endsWith(":event_id") ? "?include=payload,attempts" : ""}`;
      const answered = await request(route.method, path, bodyFor(route));
      const documented = route.answers[answered.status];
      expect([route.method, route.path, documented]).toEqual([route.method, route.path, expect.anything()]);
      // What the schema does not name is left out when it reads.
      expect([route.path, answered.body]).toEqual([route.path, documented?.body?.parse(answered.body)]);
    }
  });

  test("every example is one that the routes would take or give", async () => {
    const { routes, hookstreamRoutes } = await startGateway();
    for (const { path, method, body, bodyExample, answers } of [...routes, ...hookstreamRoutes]) {
      const sent = body.safeParse(bodyExample ?? bodyFor({ method, path }) ?? {});
      expect([method, path, sent.error]).toEqual([method, path, undefined]);
      for (const { body: schema, example } of Object.values(answers)) {
        if (example === undefined && /^\/(auth|environments)/.test(path)) continue;
        expect([method, path, schema?.parse(example)]).toEqual([method, path, example]);
      }
    }
  });
});

describe("/docs", () => {
  test("is one page that loads and runs nothing", async () => {
    const { url } = await startGateway();
    const answer = await http(`${url}/docs`);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    const page = answer.body.toString();
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|style="|@import|url\(/i);
    const [, style] = /<style>([\s\S]*)<\/style>/.exec(page) ?? [];
    const hash = createHash("sha256").update(style!).digest("base64");
    expect(answer.headers["content-security-policy"]).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  test("has every operation, in the contents and in full, with an example to try", async () => {
    const { url, document } = await fetchDocument();
    const page = (await http(`${url}/docs`)).body.toString();
    for (const { operation, path } of operationsOf(document)) {
      expect(page).toContain(`<a href="#${operation.operationId}">${operation.summary}</a>`);
      expect(page).toContain(`<article id="${operation.operationId}">`);
      expect(page).toContain(`https://hooks.example.com${path}`);
    }
    expect(page).toContain("&quot;name&quot;: &quot;Stripe production&quot;");
  });

  test("shows text as text, whatever it holds", () => {
    const route = {
      method: "GET",
      path: "/x",
      scope: "x",
      tag: "<b>tag</b>",
      summary: "<script>alert(1)</script>",
      description: "`<i>code</i>` & <i>text</i>",
      params: z.object({}),
      query: z.object({ q: z.string().describe("<u>") }),
      body: z.object({}),
      answers: { 200: { description: "<hr>", body: null } },
    } as const;
    const api = {
      prefix: "",
      name: "<a>",
      routes: [route],
      errors: [],
      refusalExample: () => null,
      securitySchemes: { x: { type: "apiKey", in: "header", name: "<i>", description: "" } },
      security: () => [{ x: ["<p>"] }],
    } as const;
    const about = { version: "<1>", publicUrl: "https://x/\"'" };
    const page = docsPage(describeApis(about, [api], []));
    expect(page).not.toMatch(/<script|<a>|<b>|<i>|<u>|<hr>|<1>|x\/"/);
    expect(page).toContain("<code>&lt;i&gt;code&lt;/i&gt;</code> &amp; &lt;i&gt;text&lt;/i&gt;");
  });
});
