import type { NameServer } from "./name-server.ts";

/**
 * Where a destination may not lead, in every spelling we know of, and what looks like that and is public: one table for
 * whatever is asked at save, at send, or in between.
 */

/** What is said at save, in `details.url`. */
export const problems = {
  private: "resolves to a private address; see EGRESS_ALLOW",
  scheme: "must be an https URL",
  credentials: "must not contain credentials",
  url: "is not a valid URL",
  text: "is invalid",
} as const;

/** A URL that is refused. */
export type ForbiddenUrl = {
  readonly url: string;
  readonly problem: (typeof problems)[keyof typeof problems];
  /** The code of an attempt to send to it. Null: it leads to a public host, and is refused at save alone. */
  readonly code: "refused_address" | "protocol" | "connect" | null;
};

/** What a name server says of a name. */
type Name = { readonly host: string; readonly addresses: readonly string[]; readonly via?: readonly string[] };

/** The words of a text. A line that begins with # is a remark. */
const words = (text: string): readonly string[] =>
  text
    .replaceAll(/^ *# .*$/gm, "")
    .trim()
    .split(/\s+/);

/** First and last address of all that IANA has set aside: special-purpose and multicast, in the order of its registries. */
export const specialRanges: readonly (readonly [what: string, first: string, last: string])[] = [
  // https://www.iana.org/assignments/iana-ipv4-special-registry
  ["this network", "0.0.0.0", "0.255.255.255"],
  ["private use", "10.0.0.0", "10.255.255.255"],
  ["shared between a provider and its customers", "100.64.0.0", "100.127.255.255"],
  ["loopback", "127.0.0.0", "127.255.255.255"],
  ["link-local", "169.254.0.0", "169.254.255.255"],
  ["private use", "172.16.0.0", "172.31.255.255"],
  ["protocol assignments", "192.0.0.0", "192.0.0.255"],
  ["service continuity", "192.0.0.0", "192.0.0.7"],
  ["dummy address", "192.0.0.8", "192.0.0.8"],
  ["port control anycast", "192.0.0.9", "192.0.0.9"],
  ["relay anycast", "192.0.0.10", "192.0.0.10"],
  ["NAT64 discovery", "192.0.0.170", "192.0.0.171"],
  ["documentation", "192.0.2.0", "192.0.2.255"],
  ["AS112", "192.31.196.0", "192.31.196.255"],
  ["multicast tunnels", "192.52.193.0", "192.52.193.255"],
  ["6to4 relays", "192.88.99.0", "192.88.99.255"],
  ["6a44 relays", "192.88.99.2", "192.88.99.2"],
  ["private use", "192.168.0.0", "192.168.255.255"],
  ["AS112, delegated", "192.175.48.0", "192.175.48.255"],
  ["benchmarks", "198.18.0.0", "198.19.255.255"],
  ["documentation", "198.51.100.0", "198.51.100.255"],
  ["documentation", "203.0.113.0", "203.0.113.255"],
  ["multicast", "224.0.0.0", "239.255.255.255"],
  ["reserved", "240.0.0.0", "255.255.255.254"],
  ["broadcast", "255.255.255.255", "255.255.255.255"],
  // https://www.iana.org/assignments/iana-ipv6-special-registry
  ["loopback", "::1", "::1"],
  ["unspecified", "::", "::"],
  ["local NAT64", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
  ["discard", "100::", "100::ffff:ffff:ffff:ffff"],
  ["dummy prefix", "100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"],
  ["protocol assignments", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["Teredo", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["port control anycast", "2001:1::1", "2001:1::1"],
  ["relay anycast", "2001:1::2", "2001:1::2"],
  ["service registration anycast", "2001:1::3", "2001:1::3"],
  ["benchmarks", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"],
  ["multicast tunnels", "2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["AS112", "2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff"],
  ["ORCHID", "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["ORCHID 2", "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["remote identification of drones", "2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["documentation", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["6to4", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["AS112, delegated", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"],
  ["documentation", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["segment routing", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["unique local", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["link-local", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["site-local, withdrawn", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["multicast", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
];

/** The same for ranges in which the IPv4 address inside decides. */
export const translatedRanges: typeof specialRanges = [
  ["IPv4-mapped", "::ffff:0.0.0.0", "::ffff:255.255.255.255"],
  ["NAT64", "64:ff9b::", "64:ff9b::ffff:ffff"],
];

/** Addresses in and beside those ranges that somebody would like us to reach. */
const soughtAddresses = words(`
  127.0.0.1
  # Where clouds, and what runs on them, keep credentials.
  169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254 fd00:42::42
  fe80::a9fe:a9fe
  # What IANA has not given out.
  200::1 400::1 1000::1 1fff::1 4000::1 8000::1 f800::1 fec0::1 ff02::1 ff0e::1
  # IPv4 inside IPv6: mapped, compatible, translated.
  ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:10.0.0.1 ::127.0.0.1 ::7f00:1
  ::a9fe:a9fe ::8.8.8.8 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8
  # NAT64, the well-known prefix and local ones.
  64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::10.0.0.1 64:ff9b:0:0:1::8.8.8.8
  64:ff9b:1::8.8.8.8 64:ff9b:1::10.0.0.1 64:ff9b:1:7f00:0:100::
  # 6to4, and Teredo with its server, with its client inverted.
  2002:7f00:1:: 2002:a9fe:a9fe::1 2002:a00:1::1 2002:808:808::1 2001:0:a00:1::
  2001:0:4136:e378:8000:63bf:f5ff:fffe 2001:0:808:808:0:0:80ff:fffe
  # ISATAP, with a local identifier, a global one, and one of a group.
  2a00:1450::5efe:10.0.0.1 2a00:1450::200:5efe:127.0.0.1 2a00:1450::300:5efe:a9fe:a9fe fe80::5efe:8.8.8.8
`);

/** Addresses that are refused, as `parseAddress` reads them. */
export const forbiddenAddresses: readonly string[] = [
  ...new Set([
    ...[...specialRanges, ...translatedRanges].flatMap(([, first, last]) => [first, last]),
    ...soughtAddresses,
  ]),
];

/** Addresses that are not: most of them next to a range that is. */
export const publicAddresses: readonly string[] = words(`
  1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
  168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0
  192.0.1.255 192.0.3.0 192.31.195.255 192.31.197.0 192.52.192.255 192.52.194.0 192.88.98.255 192.88.100.0
  192.167.255.255 192.169.0.0 192.175.47.255 192.175.49.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0
  203.0.112.255 203.0.114.0 223.255.255.255 ::ffff:8.8.8.8 ::ffff:808:808 64:ff9b::8.8.8.8 64:ff9b::808:808
  2000:: 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200::1 2001:4860:4860::8888
  2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: 2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003::1
  2606:4700:4700::1111 2620:4f:7fff:ffff:ffff:ffff:ffff:ffff 2620:4f:8001:: 2a00:1450::5efe:8.8.8.8
  3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000:: 3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
`);

/** An address as the host of a URL. */
export const toHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** Hosts that are an address to a URL parser, whatever else they are. */
const spelledAddresses = words(`
  # 127.0.0.1: short, in octal, in hex, mixed, padded, as one number.
  127.1 127.0.1 0177.0.0.1 0177.1 0177.0.0.01 00000000000000000177.0.0.1 127.000.000.001 0x7f.0.0.1 0x7f.1 0X7F.1
  0x7f.0x0.0x0.0x1 0x7f.0.1 0x000000007f.1 127.0x1 127.0.0.0x1 0x7f.00.1 0177.0x0.1 2130706433 0x7f000001
  0X7F000001 017700000001 0x000000007f000001 127.0.0.1. 127.1. 0x7f.1. 2130706433. 0x7f000001. 017700000001.
  127.0.0.1..
  # In digits, dots and letters of other scripts, which a URL parser makes ASCII of.
  １２７.0.0.1 １２７.０.０.１ １２７。０。０。１ 127。0。0。1 127．0．0．1 127｡0｡0｡1 １２７．１ ①②⑦.⓪.⓪.① 𝟏𝟐𝟕.𝟎.𝟎.𝟏 ¹²⁷.⁰.⁰.¹ ０ｘ７ｆ.1 0ⅹ7f.1
  ２１３０７０６４３３ 127.0.0.1。 127.0.0.\u{ad}1 127\u{200b}.0.0.1 127.0.0.1\u{2060}
  # Percent-encoded.
  %31%32%37.0.0.1 127%2e0%2e0%2e1 127.0.0.%31 %30x7f.1 127%2E1 %32130706433 127.0.0.1%2e
  %EF%BC%91%EF%BC%92%EF%BC%97.0.0.1 127%E3%80%820%E3%80%820%E3%80%821 127.0.0.%C2%AD1
  # This machine under its other address.
  0 0.0 00 0x 0x0 0.0.0.0. ０
  # The metadata service of most clouds, then of Azure and Alibaba.
  2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 025177524776 169.254.43518 169.16689662
  0xa9.254.0251.254 169.254.169.254. １６９。２５４。１６９。２５４ 169%2e254.169.254 2822734096 0xa83f8110 168.63.33040
  1684301000 0x64.100.100.200 100.100.25800
  # Private networks.
  10.1 012.0.0.1 0xa.1 167772161 172.16.1 0xac.0x10.1 2886729729 192.168.257 0300.0250.0.1 0xc0.0xa8.0.1
  3232235521 ４２９４９６７２９５ 0xffffffff 0xe0.1
  # IPv6: written out, padded, in capitals, with a quad at the end.
  [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::0001] [0::1] [0:0::0:1] [::0.0.0.1] [0::] [::0]
  [0:0:0:0:0:0:0:0] [::0.0.0.0] [::FFFF:127.0.0.1] [0:0:0:0:0:ffff:127.0.0.1] [0:0:0:0:0:FFFF:7F00:0001]
  [0::ffff:7f00:1] [::ffff:0:0] [FE80::1] [FD00:EC2::254] [fd00:0ec2:0:0:0:0:0:0254] [0064:FF9B::7F00:1]
  [2002:7F00:0001:0:0:0:0:0]
`);

/** Names that are private whatever a name server says of them. */
const privateNames = words(`
  localhost LOCALHOST LocalHost localhost. LOCALHOST. localhost.. ｌｏｃａｌｈｏｓｔ loc%61lhost lo\u{ad}calhost
  localhost%2e localhost。 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ app.localhost a.b.localhost. APP.LOCALHOST
`);

/** The same, of which a name server of the test has something to say. */
const listedPrivateNames: readonly Name[] = [
  { host: "localhost.localdomain", addresses: ["127.0.0.1"] },
  { host: "printer.local", addresses: ["192.168.0.9"] },
  { host: "db.internal", addresses: ["8.8.8.8"] },
  { host: "host.docker.internal", addresses: ["172.17.0.1"] },
  { host: "metadata.google.internal", addresses: ["169.254.169.254"] },
  { host: "instance-data.ec2.internal", addresses: ["169.254.169.254"] },
  { host: "kubernetes.default.svc.cluster.local", addresses: ["10.96.0.1"] },
  { host: "router.home.arpa", addresses: ["192.168.0.1"] },
  { host: "metadata.goog", addresses: ["8.8.8.8"] },
  { host: "metadata", addresses: ["8.8.8.8"] },
  { host: "instance-data", addresses: ["8.8.8.8"] },
];

/** An address that nobody in these tests connects to, since all who have it have a refused one, too. */
const somePublic = "93.184.215.14";

/** Names that look like any other, and lead inward. */
const inwardNames: readonly Name[] = [
  { host: "loopback.test", addresses: ["127.0.0.1"] },
  { host: "loopback6.test", addresses: ["::1"] },
  { host: "any.test", addresses: ["0.0.0.0"] },
  { host: "any6.test", addresses: ["::"] },
  { host: "private.test", addresses: ["10.0.0.1"] },
  { host: "metadata.test", addresses: ["169.254.169.254"] },
  { host: "metadata6.test", addresses: ["fd00:ec2::254"] },
  { host: "azure.test", addresses: ["168.63.129.16"] },
  { host: "alibaba.test", addresses: ["100.100.100.200"] },
  { host: "mapped.test", addresses: ["::ffff:127.0.0.1"] },
  { host: "nat64.test", addresses: ["64:ff9b::127.0.0.1"] },
  { host: "6to4.test", addresses: ["2002:7f00:1::"] },
  { host: "isatap.test", addresses: ["2a00:1450::5efe:127.0.0.1"] },
  { host: "link-local.test", addresses: ["fe80::1"] },
  { host: "first.test", addresses: ["127.0.0.1", somePublic] },
  { host: "last.test", addresses: [somePublic, "127.0.0.1"] },
  { host: "other-family.test", addresses: [somePublic, "::1"] },
  { host: "other-family4.test", addresses: ["2606:4700::1", "169.254.169.254"] },
  { host: "last-of-many.test", addresses: [...Array.from({ length: 100 }, (_, at) => `8.8.8.${at}`), "127.0.0.1"] },
  { host: "alias.test", addresses: ["127.0.0.1"], via: ["a.example"] },
  { host: "alias-of-alias.test", addresses: ["169.254.169.254"], via: ["a.example", "b.example", "localhost"] },
];

/** Ways to write a URL around an address so that another parser might find another host. */
const wrapped = words(`
  https:\\\\127.0.0.1\\ https:/\\127.0.0.1/ https:/127.0.0.1/ https:127.0.0.1 https:///127.0.0.1/
  https:////127.0.0.1 HTTPS://127.0.0.1 hTTps:\\\\10.0.0.1 https://127.0.0.1\\@public.test/
  https://127.0.0.1#@public.test/ https://127.0.0.1?@public.test/ https://127.0.0.1/\\public.test
  https://127.0.0.1:443/ https://127.0.0.1:00443/ https://127.0.0.1:/ https://169.254.169.254/latest/meta-data/
  https://@127.0.0.1/ https://:@127.0.0.1/
`);

const inward = (urls: readonly string[]): readonly ForbiddenUrl[] =>
  urls.map((url) => ({ url, problem: problems.private, code: "refused_address" }));
const unreadable = (urls: readonly string[]): readonly ForbiddenUrl[] =>
  urls.map((url) => ({ url, problem: problems.url, code: "protocol" }));

const withCredentials = (code: ForbiddenUrl["code"], authorities: readonly string[]): readonly ForbiddenUrl[] =>
  authorities.map((authority) => ({ url: `https://${authority}/`, problem: problems.credentials, code }));

const inwardAuthorities = words(`
  good@127.0.0.1 public.test@127.0.0.1 public.test:443@127.0.0.1 public.test%2f@127.0.0.1 public.test%23@10.0.0.1
  a:b@c:d@127.0.0.1 user:pass@[::1] public.test&@127.0.0.1
`);

const publicAuthorities = words(`
  user@public.test user:pass@public.test :pass@public.test 127.0.0.1@public.test 127.0.0.1:80@public.test
  [::1]@public.test localhost%40@public.test
`);

const otherSchemes: readonly ForbiddenUrl[] = words(`
  file:///etc/passwd file://127.0.0.1/etc/passwd FILE:///etc/passwd file:/etc/passwd
  gopher://127.0.0.1:6379/_INFO ftp://127.0.0.1/ ftps://public.test/ sftp://public.test/ tftp://127.0.0.1/a
  ldap://127.0.0.1/ dict://127.0.0.1:11211/stat data:text/html,hello javascript:alert(1)
  JavaScript://public.test/%0aalert(1) ws://127.0.0.1/ wss://public.test/ blob:https://public.test/1 about:blank
  mailto:a@public.test jar:https://public.test!/ view-source:https://127.0.0.1/ unix:/var/run/docker.sock
  http+unix://%2Fvar%2Frun%2Fdocker.sock/info netdoc:///etc/passwd localhost:8080/ httpss://public.test/
`).map((url) => ({ url, problem: problems.scheme, code: "protocol" }));

/** Plain http is for EGRESS_ALLOW alone. */
const plainHttp: readonly ForbiddenUrl[] = words(`
  http://8.8.8.8/ HTTP://8.8.8.8/ http:8.8.8.8 http://134744072/ http://8.8.8.8:443/
  http://[2606:4700:4700::1111]/ http://public.test/ http://PUBLIC.TEST./ http:\\\\public.test
`).map((url) => ({ url, problem: problems.scheme, code: "refused_address" }));

/** White space, which a URL parser drops and a person does not see. */
const withSpace: readonly ForbiddenUrl[] = [
  "https://127.0.0.1\t/",
  "https://127.\n0.0.1/",
  "ht\ntps://127.0.0.1/",
  "https:/\t/127.0.0.1/",
  " https://127.0.0.1/",
  "https://127.0.0.1/\r\n",
  "\thttps://10.0.0.1/",
  "https://169.254.\r\n169.254/",
  "https://local\thost/",
].map((url) => ({ url, problem: problems.text, code: "refused_address" }));

/** White space that it does not drop. */
const withOtherSpace: readonly ForbiddenUrl[] = [
  "java\nscript:alert(1)",
  "https://127.0.0.1 /",
  "https://127.0.0.1 .public.test/",
  "https://\u{a0}127.0.0.1/",
].map((url) => ({ url, problem: problems.text, code: "protocol" }));

const unreadableUrls = words(`
  127.0.0.1 127.0.0.1:80 localhost /hooks //127.0.0.1/ \\\\127.0.0.1\\ https https: https:// https://@/
  https://:443/ https://? https://#127.0.0.1 https://%/ https://%zz/ ://127.0.0.1/
  # Numbers that are no address.
  https://256.0.0.1/ https://127.0.0.256/ https://1.2.3.4.5/ https://127.0.0.08/ https://4294967296/
  https://0x100000000/ https://127.0x1000000/ https://a.0x7f/ https://public.1/ https://0xg.1/
  # IPv6 that is none: zones first.
  https://[fe80::1%25eth0]/ https://[fe80::1%eth0]/ https://[fe80::1%251]/ https://[::1%25lo]/ https://[::1%lo]/
  https://[::1 https://::1/ https://[::1]]/ https://[[::1]]/ https://[::1]./ https://a[::1]/
  https://[::ffff:7f.0.0.1]/ https://[::ffff:127.1]/ https://[::127.0.0.1:1]/ https://[1::2::3]/
  https://[1:2:3:4:5:6:7:8:9]/ https://[v1.127]/ https://[127.0.0.1]/ https://[localhost]/ https://[]/
  # Characters that no host has.
  https://127.0.0.1%00/ https://127.0.0.1%20/ https://127.0.0.1%09/ https://127.0.0.1%0d%0a/
  https://127.0.0.1%2f/ https://127.0.0.1%5c/ https://127.0.0.1%23/ https://127.0.0.1%40public.test/
  https://<127.0.0.1>/ https://127.0.0.1^/ https://a|b/ https://loc\u{200d}alhost/
  # Ports.
  https://public.test:65536/ https://public.test:99999/ https://127.0.0.1:65536/ https://public.test:-1/
  https://public.test:+443/ https://public.test:1e3/ https://public.test:0x50/ https://public.test:https/
  https://public.test:443:443/ https://public.test:80.0/ https://public.test:４４３/ https://public.test:%34/
`);

/** A number that `connect` takes, and that nobody can listen on. */
const portZero: readonly ForbiddenUrl[] = ["https://public.test:0/", "https://8.8.8.8:00000/"].map((url) => ({
  url,
  problem: problems.url,
  code: "connect",
}));

const urlsOf = (hosts: readonly string[]): readonly string[] => hosts.map((host) => `https://${host}/`);
const hostsOf = (names: readonly Name[]): readonly string[] => names.map(({ host }) => host);

/** URLs that only a name server shows to lead inward. */
export const inwardByName: readonly ForbiddenUrl[] = inward(urlsOf(hostsOf(inwardNames)));

/** URLs that show by themselves where they lead. */
export const forbiddenByText: readonly ForbiddenUrl[] = [
  ...inward(urlsOf(forbiddenAddresses.map(toHost))),
  ...inward(urlsOf(spelledAddresses)),
  ...inward(urlsOf(privateNames)),
  ...inward(urlsOf(hostsOf(listedPrivateNames))),
  ...inward(["http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/", "http://printer.local/"]),
  ...inward(wrapped),
  ...withCredentials("refused_address", inwardAuthorities),
  ...withCredentials(null, publicAuthorities),
  ...otherSchemes,
  ...plainHttp,
  ...withSpace,
  ...withOtherSpace,
  ...unreadable(unreadableUrls),
  ...portZero,
];

/** The whole table. */
export const forbiddenUrls: readonly ForbiddenUrl[] = [...forbiddenByText, ...inwardByName];

/** What looks like the above and is public. `not-there-yet.test` is unknown to `teach`. */
export const publicUrls: readonly string[] = [
  ...urlsOf(publicAddresses.map(toHost)),
  ...words(`
    https://134744072/ https://0x8.0x8.0x8.0x8/ https://010.8.8.8/ https://8.8.2056/ https://８.8.8.8/ https://8.8.8.8./
    https://public.test/ https://PUBLIC.TEST/ https://public.test./ https://ｐublic.test/ https:public.test
    https://alias-of-public.test/ https://not-there-yet.test/ https://localhost.public.test/ https://mylocalhost/
    https://127.0.0.1.public.test/ https://internal.public.test/
    https://public.test\\@127.0.0.1/ https://public.test/@127.0.0.1 https://public.test#@127.0.0.1/
    https://public.test?@127.0.0.1/ https://public.test/?next=http://169.254.169.254/
    https://public.test:65535/ https://public.test:1/ https://public.test:00443/
  `),
];

const publicNames: readonly Name[] = [
  { host: "public.test", addresses: [somePublic] },
  { host: "localhost.public.test", addresses: [somePublic] },
  { host: "127.0.0.1.public.test", addresses: ["2606:4700::1", somePublic] },
  { host: "internal.public.test", addresses: [somePublic] },
  { host: "mylocalhost", addresses: [somePublic] },
  // An alias is only a word: the address at its end counts.
  { host: "alias-of-public.test", addresses: [somePublic], via: ["localhost"] },
];

/** Has a name server answer for all names of the table. */
export const teach = (nameServer: Pick<NameServer, "set">): void => {
  for (const { host, addresses, via = [] } of [...listedPrivateNames, ...inwardNames, ...publicNames]) {
    nameServer.set(host, addresses, { via });
  }
};
