/** What the agent has begun to say of calls and not yet saved. It outlives the call, and a reload of the page. */
import { newId } from "./new-id";

export interface Draft {
  readonly id: string;
  readonly note: string;
  readonly disposition: string;
  readonly newCase: string;
  /** Which of several customers it was: their id in one system. */
  readonly customer: Readonly<Record<string, string>>;
}

const KEY = "ctihub-notes";
const KEPT = 20;
const drafts = new Map<string, Draft>(read());

export function draftOf(callId: string): Draft {
  return drafts.get(callId) ?? { id: newId(), note: "", disposition: "", newCase: "", customer: {} };
}

export const isBegun = ({ note, disposition, newCase }: Draft): boolean =>
  note.trim() !== "" || disposition !== "" || newCase.trim() !== "";

export function keep(callId: string, draft: Draft): void {
  drafts.delete(callId);
  drafts.set(callId, draft);
  const oldest = drafts.keys().next();
  if (drafts.size > KEPT && !oldest.done) drafts.delete(oldest.value);
  write();
}

export function forget(callId: string): void {
  drafts.delete(callId);
  write();
}

function read(): [string, Draft][] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as [string, Draft][];
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DOMException) return [];
    throw error;
  }
}

function write(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...drafts]));
  } catch (error) {
    // A browser that keeps nothing: the notes live as long as the page.
    if (!(error instanceof DOMException)) throw error;
  }
}
