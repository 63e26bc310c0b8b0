/** What the page asks the hub of customers: who is who, search, single customers, callbacks. */
import { ask } from "./api";
import type { CustomerSearch, CustomerView, DecisionKind, IdentityDecided, RecordRef } from "./frames";
import { bodyOf } from "./json";
import { newId } from "./new-id";

const JSON_BODY = { "Content-Type": "application/json" };
/** Backends are asked as well, each within its own time. */
const ASKING_MS = 30_000;

export type Said<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "refused"; readonly status: number; readonly message: string }
  | { readonly kind: "unreachable" }
  | { readonly kind: "failed"; readonly status: number };

/** What somebody decides of who is who; the hub adds who and when. */
export interface Decision {
  readonly kind: DecisionKind;
  readonly records: readonly RecordRef[];
  readonly call_id?: string;
  readonly key?: string;
}

export const decide = (decision: Decision): Promise<Said<IdentityDecided>> =>
  said<IdentityDecided>("/api/v1/identity/decisions", {
    method: "POST",
    headers: JSON_BODY,
    body: JSON.stringify({ ...decision, id: newId() }),
  });

export const takeBack = (decision: string): Promise<Said<unknown>> =>
  said(`/api/v1/identity/decisions/${encodeURIComponent(decision)}`, { method: "DELETE" });

export const customerPath = ({ system, id }: RecordRef): string =>
  `/api/v1/customers/${encodeURIComponent(system)}/${encodeURIComponent(id)}`;

export const customer = (record: RecordRef, signal: AbortSignal): Promise<Said<CustomerView>> =>
  said<CustomerView>(customerPath(record), { signal });

export function search(text: string, askSystems: boolean, signal: AbortSignal): Promise<Said<CustomerSearch>> {
  const query = new URLSearchParams({ q: text });
  if (askSystems) query.set("backends", "1");
  return said<CustomerSearch>(`/api/v1/customers?${query.toString()}`, { signal }, askSystems ? ASKING_MS : undefined);
}

export const cancelCallback = (id: string): Promise<Said<unknown>> =>
  said(`/api/v1/callbacks/${encodeURIComponent(id)}/cancel`, { method: "POST" });

async function said<T>(path: string, init: RequestInit = {}, patienceMs?: number): Promise<Said<T>> {
  const response = await ask(path, init, patienceMs);
  if (!response) return { kind: "unreachable" };
  const body = await bodyOf(response);
  if (response.ok) return { kind: "done", value: body as T };
  const message = (body as { readonly error?: { readonly message?: string } } | undefined)?.error?.message;
  return message ? { kind: "refused", status: response.status, message } : { kind: "failed", status: response.status };
}
