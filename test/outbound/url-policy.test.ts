import { describe, expect, test } from "vitest";

import { parseEgressAllow } from "../../src/outbound/egress-allow.ts";
import { judgeUrl } from "../../src/outbound/url-policy.ts";

const nothing = parseEgressAllow([]);
const privateAddress = "resolves to a private address; see EGRESS_ALLOW";

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

  test.for([
    ["", "is not a valid URL"],
    ["example.com", "is not a valid URL"],
    ["/hooks", "is not a valid URL"],
    ["https://", "is not a valid URL"],
    ["https://a b/", "is not a valid URL"],
    ["https://256.0.0.1/", "is not a valid URL"],
    ["https://[fe80::1%25eth0]/", "is not a valid URL"],
    ["https://example.com:99999/", "is not a valid URL"],
    [`https://example.com/${"a".repeat(2048)}`, "is too long"],
    ["ftp://example.com/", "must be an https URL"],
    ["javascript:alert(1)", "must be an https URL"],
    ["file:///etc/passwd", "must be an https URL"],
    ["http://example.com/", "must be an https URL"],
    ["http://8.8.8.8/", "must be an https URL"],
    ["https://user:pass@example.com/", "must not contain credentials"],
    ["https://user@example.com/", "must not contain credentials"],
    ["https://:pass@example.com/", "must not contain credentials"],
    // Private names.
    ["https://localhost/", privateAddress],
    ["https://LOCALHOST:8443/", privateAddress],
    ["https://localhost./", privateAddress],
    ["https://localhost../", privateAddress],
    ["https://app.localhost/", privateAddress],
    ["https://printer.local/", privateAddress],
    ["https://printer.local./", privateAddress],
    ["https://printer.ⓛocal/", privateAddress],
    ["https://db.internal/", privateAddress],
    ["https://host.docker.internal/", privateAddress],
    ["https://metadata.google.internal/computeMetadata/v1/", privateAddress],
    ["https://metadata/", privateAddress],
    ["https://metadata.goog/", privateAddress],
    ["http://printer.local/", privateAddress],
    // Spellings of private addresses.
    ["https://127.0.0.1/", privateAddress],
    ["https://127.1/", privateAddress],
    ["https://0x7f.1/", privateAddress],
    ["https://0x7f000001/", privateAddress],
    ["https://2130706433/", privateAddress],
    ["https://017700000001/", privateAddress],
    ["https://0177.0.0.1/", privateAddress],
    ["https://127.0.0.1./", privateAddress],
    ["https://127。0。0。1/", privateAddress],
    ["https://１２７.0.0.1/", privateAddress],
    ["https://%31%32%37.0.0.1/", privateAddress],
    ["https://0/", privateAddress],
    ["https://169.254.169.254/latest/meta-data/", privateAddress],
    ["https://2852039166/", privateAddress],
    ["https://[::1]/", privateAddress],
    ["https://[::]/", privateAddress],
    ["https://[0:0:0:0:0:0:0:1]/", privateAddress],
    ["https://[::ffff:127.0.0.1]/", privateAddress],
    ["https://[::ffff:7f00:1]/", privateAddress],
    ["https://[::127.0.0.1]/", privateAddress],
    ["https://[64:ff9b::169.254.169.254]/", privateAddress],
    ["https://[2002:7f00:1::]/", privateAddress],
    ["https://[fd00:ec2::254]/", privateAddress],
    ["http://10.0.0.1/", privateAddress],
  ] as const)("%s: %s", ([text, problem]) => {
    expect(judgeUrl(text, nothing)).toEqual({ ok: false, problem });
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
