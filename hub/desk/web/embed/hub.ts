/** Why the hub did not do what was asked: `code` is for programs, `message` for the visitor. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly waitS = 0,
  ) {
    super(message);
  }

  /** Whether the same may be tried again later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Ask the hub; what is sent when a page closes still arrives (`keepalive`). No cookies, no referrer. */
export async function ask(url: string, token: string, method: string, body?: unknown): Promise<unknown> {
  let reply: Response;
  try {
    reply = await fetch(url, {
      method,
      keepalive: true,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch {
    throw new Refused("unreachable", "The service can't be reached now.");
  }
  const text = await reply.text();
  let said: { error?: { code?: string; message?: string } } | undefined;
  try {
    said = text ? JSON.parse(text) : undefined;
  } catch {
    // A proxy's page: the status tells.
  }
  if (reply.ok) return said;
  const wait = Number(reply.headers.get("retry-after")) || 0;
  throw new Refused(said?.error?.code ?? "failed", said?.error?.message ?? reply.statusText, reply.status, wait);
}
