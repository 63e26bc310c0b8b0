/** The customer who is looked at without a call, as the page's address has it: `#/customers/SYSTEM/ID`. */
import type { RecordRef } from "./frames";

const PREFIX = "#/customers/";

export function viewed(hash: string): RecordRef | undefined {
  if (!hash.startsWith(PREFIX)) return undefined;
  const parts = hash.slice(PREFIX.length).split("/");
  if (parts.length !== 2) return undefined;
  try {
    const [system, id] = parts.map(decodeURIComponent) as [string, string];
    return system && id ? { system, id } : undefined;
  } catch (error) {
    if (error instanceof URIError) return undefined; // not written by this page
    throw error;
  }
}

export const addressOf = ({ system, id }: RecordRef): string =>
  `${PREFIX}${encodeURIComponent(system)}/${encodeURIComponent(id)}`;
