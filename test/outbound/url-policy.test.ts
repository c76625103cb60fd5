import { describe, expect, test } from "vitest";

import { parseEgressAllow } from "../../src/outbound/egress-allow.ts";
import { judgeUrl } from "../../src/outbound/url-policy.ts";
import { forbiddenByText, problems, publicUrls } from "../support/destination-urls.ts";

const nothing = parseEgressAllow([]);

describe("a destination URL", () => {
  test.for([
    ["https://example.com/hooks", "https://example.com/hooks"],
    ["https://example.com:8443/a?b=c", "https://example.com:8443/a?b=c"],
    ["HTTPS://EXAMPLE.com", "https://example.com/"],
    ["https://example.com./", "https://example.com./"],
    ["https://bücher.example/", "https://xn--bcher-kva.example/"],
    ["https://8.8.8.8/", "https://8.8.8.8/"],
    ["https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"],
    ["https://mylocal/", "https://mylocal/"],
    ["https://local.example.com/", "https://local.example.com/"],
    ["https://internal.example.com/", "https://internal.example.com/"],
  ] as const)("%s is accepted as %s", ([text, url]) => {
    expect(judgeUrl(text, nothing)).toEqual({ ok: true, url });
  });

  test.for(publicUrls)("%j leads nowhere that its text tells of", (text) => {
    expect(judgeUrl(text, nothing)).toEqual({ ok: true, url: new URL(text).href });
  });

  test.for([
    ["", problems.url],
    ["https://a b/", problems.url],
    [`https://example.com/${"a".repeat(2048)}`, "is too long"],
  ] as const)("%j is refused: it %s", ([text, problem]) => {
    expect(judgeUrl(text, nothing)).toEqual({ ok: false, problem });
  });

  // The API refuses white space by itself; this is for whoever does not.
  test.for(forbiddenByText.filter(({ problem }) => problem !== problems.text))(
    "$url is refused: it $problem",
    ({ url, problem }) => {
      expect(judgeUrl(url, nothing)).toEqual({ ok: false, problem });
    },
  );

  test.for(forbiddenByText.filter(({ problem }) => problem === problems.text))("$url is refused", ({ url }) => {
    expect(judgeUrl(url, nothing).ok).toBe(false);
  });

  test("is read without the white space around it", () => {
    expect(judgeUrl(" https://exam\tple.com/\n", nothing)).toEqual({ ok: true, url: "https://example.com/" });
  });
});

describe("EGRESS_ALLOW", () => {
  test.for([
    [["10.0.0.0/8"], "https://10.1.2.3/", true],
    [["10.0.0.0/8"], "http://10.1.2.3/", true],
    [["10.0.0.0/8"], "http://[::ffff:10.1.2.3]/", true],
    [["10.0.0.0/8"], "https://11.1.2.3/", true],
    [["10.0.0.0/8"], "http://11.1.2.3/", false],
    [["10.0.0.0/8"], "https://192.168.1.1/", false],
    [["10.0.0.0/8"], "https://[64:ff9b::10.1.2.3]/", false],
    [["127.0.0.1", "::1"], "http://[::1]:3000/", true],
    [["::/0"], "http://[fe80::1]/", true],
    // Whether these lead into the range is known once they are resolved.
    [["10.0.0.0/8"], "http://app.example.com/", true],
    [["10.0.0.0/8"], "https://db.internal/", true],
    [["localhost"], "http://localhost:3000/", true],
    [["LOCALHOST"], "https://localhost./", true],
    [["localhost"], "http://app.localhost/", false],
    [["localhost"], "http://127.0.0.1/", false],
    [["*.internal.example.com"], "http://a.internal.example.com/", true],
    [["*.internal.example.com"], "http://a.b.internal.example.com/", true],
    [["*.internal.example.com"], "http://internal.example.com/", false],
    [["*.internal.example.com"], "http://xinternal.example.com/", false],
    [["*.internal.example.com"], "http://internal.example.com.evil.test/", false],
    [["*.bücher.example"], "http://a.bücher.example/", true],
    [["printer.local"], "http://printer.local/", true],
    [["printer.local"], "http://scanner.local/", false],
    [["", " localhost "], "http://localhost/", true],
  ] as const)("%j lets %s pass: %s", ([entries, url, expected]) => {
    expect(judgeUrl(url, parseEgressAllow(entries)).ok).toBe(expected);
  });

  test.for([
    "*",
    "*.",
    "*.*.example.com",
    "a*.example.com",
    "10.0.0",
    "10.0.0.0/33",
    "010.0.0.1",
    "::1/129",
    "[::1]",
    "fe80::1%eth0",
    "localhost:3000",
    "http://localhost",
    "a/b",
    "a b",
    "a?b",
    "user@host",
    "a..b",
    "-a.example",
    "*.1.2.3.4",
    "host.0x1",
  ])("%j is refused", (entry) => {
    expect(() => parseEgressAllow(["10.0.0.0/8", entry])).toThrow(`EGRESS_ALLOW: "${entry}" is none of`);
  });
});
