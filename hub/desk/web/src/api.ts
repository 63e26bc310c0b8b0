/** The HTTP calls of the page; the session travels in a cookie that scripts cannot read. */
import type { AgentProfile, CallLogEntry } from "./frames";

const SESSION = "/api/v1/session";
const PATIENCE_MS = 10_000;

export type SignInResult =
  | { readonly kind: "signed_in"; readonly agent: AgentProfile }
  | { readonly kind: "wrong" }
  | { readonly kind: "too_many"; readonly seconds: number }
  | { readonly kind: "unreachable" }
  | { readonly kind: "failed"; readonly status: number };

export type SessionState =
  | { readonly kind: "signed_in"; readonly agent: AgentProfile }
  | { readonly kind: "signed_out" }
  | { readonly kind: "unreachable" };

export async function signIn(user: string, password: string): Promise<SignInResult> {
  const response = await ask(SESSION, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user, password }),
  });
  if (!response) return { kind: "unreachable" };
  if (response.ok) return { kind: "signed_in", agent: (await response.json()) as AgentProfile };
  if (response.status === 429) {
    const seconds = Number(response.headers.get("Retry-After"));
    return { kind: "too_many", seconds: Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 60 };
  }
  if (response.status === 401 || response.status === 403) return { kind: "wrong" };
  return response.status >= 502 && response.status <= 504
    ? { kind: "unreachable" }
    : { kind: "failed", status: response.status };
}

export async function session(): Promise<SessionState> {
  const response = await ask(SESSION);
  if (response?.ok) return { kind: "signed_in", agent: (await response.json()) as AgentProfile };
  return response?.status === 401 ? { kind: "signed_out" } : { kind: "unreachable" };
}

export async function signOut(): Promise<void> {
  await ask(SESSION, { method: "DELETE" });
}

/** The agent's finished calls, the newest first; undefined when they can't be had now. */
export async function callLog(): Promise<readonly CallLogEntry[] | undefined> {
  const response = await ask("/api/v1/calls/log?limit=50");
  return response?.ok ? ((await response.json()) as readonly CallLogEntry[]) : undefined;
}

/** Undefined when the hub can't be reached. */
async function ask(path: string, init: RequestInit = {}): Promise<Response | undefined> {
  try {
    return await fetch(path, { ...init, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  }
}
