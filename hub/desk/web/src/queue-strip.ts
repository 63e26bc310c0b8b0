/** The agent's queues in one line: who waits, how long the longest, how well it goes. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { EachSecond } from "./clock";
import { duration } from "./format";
import type { QueueView } from "./frames";
import { Localized, locale, strings } from "./language";
import { base } from "./styles";

@customElement("ctihub-queues")
export class QueueStrip extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        min-width: 0;
      }
      ul {
        display: flex;
        gap: 0.375rem;
        overflow-x: auto;
        scrollbar-width: thin;
      }
      li {
        flex: none;
        display: flex;
        align-items: baseline;
        gap: 0.5rem;
        max-width: 100%;
        padding: 0.25rem 0.625rem;
        border-radius: 0.5rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
        white-space: nowrap;
        font-size: 0.8125rem;
      }
      .queue {
        font-weight: 600;
        max-width: 9rem;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .some {
        font-weight: 600;
      }
      .long {
        color: var(--sapNegativeTextColor);
        font-weight: 700;
      }
    `,
  ];

  @property({ attribute: false }) queues: readonly QueueView[] = [];
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.queues.length === 0) return nothing;
    const several = new Set(this.queues.map(({ pbx }) => pbx)).size > 1;
    return html`<ul tabindex="0" aria-label=${strings().queues.title}>
      ${this.queues.map((queue) => this.queue(queue, several))}
    </ul>`;
  }

  private queue(view: QueueView, several: boolean): TemplateResult {
    const words = strings().queues;
    const { queue, pbx, waiting = 0, longest_wait_since: since, service_level: level } = view;
    const seconds = view.service_level_s ?? 0;
    const wait = since ? Date.now() + this.clockAhead - Date.parse(since) : 0;
    const share = typeof level === "number" ? new Intl.NumberFormat(locale(), { style: "percent" }).format(level) : "";
    const isLong = seconds > 0 && wait > seconds * 1000;
    return html`<li data-testid="queue" data-queue=${queue} title=${words.ready(view.ready ?? 0, view.logged_on ?? 0)}>
      <bdi class="queue">${several ? `${queue} (${pbx})` : queue}</bdi>
      <span class=${waiting > 0 ? "some" : "quiet"}>${words.waiting(waiting)}</span>
      ${since && waiting > 0
        ? html`<span class="number ${isLong ? "long" : ""}" data-testid="queue-longest">${words.longest(duration(wait))}</span>`
        : nothing}
      ${share
        ? html`<span class="quiet" title=${words.level(share, seconds)} data-testid="queue-level">${share}</span>`
        : nothing}
    </li>`;
  }
}
