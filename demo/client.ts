/** Calls the management API, as a user's own script would. */
export type Client = {
  post(path: string, body?: object): Promise<Record<string, unknown>>;
  get(path: string): Promise<unknown>;
};

/** A client of the gateway at `url`. Throws on any answer but 2xx. */
export const createClient = (url: string, key: string): Client => {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return typeof answer === "object" && answer !== null && "data" in answer ? answer.data : answer;
  };
  return {
    post: async (path, body) => {
      const data = await call("POST", path, body);
      return typeof data === "object" && data !== null ? { ...data } : {};
    },
    get: (path) => call("GET", path),
  };
};
