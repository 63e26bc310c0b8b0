/** What comes up again and again: how often the customer was in touch about one matter. */
import { html, nothing, type TemplateResult } from "lit";
import type { CustomerContext, Repeat } from "./frames";
import { strings } from "./language";

const DAY_MS = 86_400_000;

export function repeatOf(reference: string | undefined, repeats: readonly Repeat[] | undefined): Repeat | undefined {
  return reference ? repeats?.find((repeat) => repeat.reference === reference) : undefined;
}

/** `3rd contact in 7 days`. */
export function repeatText({ contacts, since }: Repeat, now: number): string {
  const words = strings().repeat;
  return words.nth(contacts, words.days(Math.ceil((now - Date.parse(since)) / DAY_MS)));
}

/** The mark beside a matter, nothing where it came up once. */
export function repeatMark(
  reference: string | undefined,
  context: CustomerContext | undefined,
  now: number,
): TemplateResult | typeof nothing {
  const repeat = repeatOf(reference, context?.repeats);
  if (!repeat) return nothing;
  const words = strings();
  const channels = (repeat.channels ?? []).map((channel) => words.history.channel[channel]).join(", ");
  return html`<span class="repeat" data-testid="repeat" title=${channels ? words.repeat.channels(channels) : nothing}
    >${repeatText(repeat, now)}</span
  >`;
}
