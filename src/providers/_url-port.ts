const urlPattern = /^(https?):\/\/([^/?#@:[\]]+|\[[^/?#@\]]*\])(:\d+)?(?=[/?#]|$)/;

const defaultPorts: Readonly<Record<string, string>> = { http: ":80", https: ":443" };

/**
 * A URL, and the same without its port, or with the standard one where it has none: which of the two Twilio signs differs
 * between its products, and its own libraries accept both.
 * https://github.com/twilio/twilio-node/blob/main/src/webhooks/webhooks.ts
 */
export const urlsWithAnyPort = (url: string): readonly string[] => {
  const [whole, scheme, host, port] = urlPattern.exec(url) ?? [];
  if (whole === undefined || scheme === undefined || host === undefined) return [url];
  const otherPort = port === undefined ? (defaultPorts[scheme] ?? "") : "";
  return [url, `${scheme}://${host}${otherPort}${url.slice(whole.length)}`];
};
