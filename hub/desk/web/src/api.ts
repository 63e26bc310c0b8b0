/** The HTTP calls of the page; the session travels in a cookie that scripts cannot read. */
import type { AgentProfile, CallLogEntry, Command, CommandResult, Refusal, WrapUp, WrapUpResult } from "./frames";
import { bodyOf } from "./json";

const SESSION = "/api/v1/session";
const COMMANDS = "/api/v1/commands";
const PATIENCE_MS = 10_000;
/** Backends write more slowly than they read, and several are told at once. */
const WRITING_MS = 60_000;
const GIVE_AGAIN_MS = 400;

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

export type GiveResult =
  | { readonly kind: "done"; readonly result: CommandResult }
  | { readonly kind: "refused"; readonly refusal: Refusal | undefined; readonly message: string }
  | { readonly kind: "unreachable" }
  | { readonly kind: "failed"; readonly status: number };

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
  return response?.ok ? ((await bodyOf(response)) as readonly CallLogEntry[] | undefined) : undefined;
}

/** Give a command. One whose answer was lost is given once more: its id lets the hub do it only once. */
export async function give(command: Command): Promise<GiveResult> {
  const order = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(command) };
  let response = await ask(COMMANDS, order);
  if (!response) {
    await new Promise((done) => setTimeout(done, GIVE_AGAIN_MS));
    response = await ask(COMMANDS, order);
  }
  if (!response) return { kind: "unreachable" };
  const body = await answerOf(response);
  if (body.done === true) return { kind: "done", result: body as CommandResult };
  if (body.done === false) return { kind: "refused", refusal: body.refusal ?? undefined, message: body.message ?? "" };
  if (body.error?.message) return { kind: "refused", refusal: undefined, message: body.error.message };
  const away = response.status >= 502 && response.status <= 504;
  return away ? { kind: "unreachable" } : { kind: "failed", status: response.status };
}

export type SaveResult =
  | { readonly kind: "saved"; readonly result: WrapUpResult }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "unreachable" }
  | { readonly kind: "failed"; readonly status: number };

/** Say how a call went. Sent again with the same id nothing is written twice. */
export async function wrapUp(callId: string, said: WrapUp): Promise<SaveResult> {
  const response = await ask(
    `/api/v1/calls/${encodeURIComponent(callId)}/wrap-up`,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) },
    WRITING_MS,
  );
  if (!response) return { kind: "unreachable" };
  const body = await answerOf(response);
  if (response.ok) return { kind: "saved", result: body as unknown as WrapUpResult };
  return body.error?.message
    ? { kind: "refused", message: body.error.message }
    : { kind: "failed", status: response.status };
}

type Answer = Partial<CommandResult> & { readonly error?: { readonly message?: string } };

const answerOf = async (response: Response): Promise<Answer> => ((await bodyOf(response)) ?? {}) as Answer;

/** Undefined when the hub can't be reached, or it was given up. */
export async function ask(
  path: string,
  init: RequestInit = {},
  patienceMs = PATIENCE_MS,
): Promise<Response | undefined> {
  const enough = AbortSignal.timeout(patienceMs);
  const signal = init.signal ? AbortSignal.any([init.signal, enough]) : enough;
  try {
    return await fetch(path, { ...init, credentials: "same-origin", signal });
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  }
}
