/** Customers who wait to be called back: how many, and at a click who, since when and about what. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { EachSecond } from "./clock";
import { cancelCallback } from "./customer-api";
import { moment, since } from "./format";
import type { Callback } from "./frames";
import { Localized, strings } from "./language";
import "./popup";
import { webAddress } from "./safe-link";
import { base } from "./styles";

@customElement("ctihub-callbacks")
export class Callbacks extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        flex: none;
      }
      .count {
        display: flex;
        align-items: center;
        gap: 0.375rem;
        padding: 0.25rem 0.625rem;
        border-radius: 0.5rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
        font-size: 0.8125rem;
        font-weight: 600;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) waiting: readonly Callback[] = [];
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** Of those that could not be cancelled: why. */
  @state() private troubles: ReadonlyMap<string, string> = new Map();

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const count = this.waiting.length;
    if (count === 0) return nothing;
    const words = strings().callback;
    return html`<ctihub-popup data-testid="callbacks" .hint=${words.title} .content=${() => this.list()}
      ><span class="count"
        ><ui5-icon name="outgoing-call" mode="Decorative"></ui5-icon><span>${words.waiting(count)}</span></span
      ></ctihub-popup
    >`;
  }

  private list(): TemplateResult {
    return html`<h4>${strings().callback.title}</h4>
      <ul data-testid="callback-list">
        ${this.waiting.map((callback) => this.entry(callback))}
      </ul>`;
  }

  private entry(callback: Callback): TemplateResult {
    const words = strings().callback;
    const now = Date.now() + this.clockAhead;
    const { id, phone, state: stands = "waiting", attempts = 0, not_before: notBefore, queue } = callback;
    const address = webAddress(callback.url ?? "");
    const page = callback.page || address;
    const facts = [
      queue,
      stands === "waiting" ? "" : words.state[stands],
      attempts > 0 ? words.attempts(attempts) : "",
      notBefore && Date.parse(notBefore) > now ? words.notBefore(moment(notBefore, now)) : "",
    ];
    const trouble = this.troubles.get(id);
    return html`<li class="both" data-testid="callback-entry">
      <div>
        <bdi class="what">${phone}</bdi> <span class="quiet">${since(callback.requested_at, now)}</span>
        ${callback.topic ? html`<div><bdi>${callback.topic}</bdi></div>` : nothing}
        <div class="source">
          <bdi>${facts.filter(Boolean).join(" · ")}</bdi>
          ${address
            ? html`<a href=${address} target="_blank" rel="noopener noreferrer"><bdi>${page}</bdi></a>`
            : html`<bdi>${page}</bdi>`}
        </div>
        ${trouble ? html`<div class="trouble" role="alert" data-testid="callback-trouble">${trouble}</div>` : nothing}
      </div>
      ${stands === "waiting"
        ? html`<button data-testid="callback-cancel" aria-label=${words.cancelOf(phone)} @click=${() => void this.cancel(id)}
            >${words.cancel}</button
          >`
        : nothing}
    </li>`;
  }

  private async cancel(id: string): Promise<void> {
    const answer = await cancelCallback(id);
    const troubles = new Map(this.troubles);
    if (answer.kind === "done") troubles.delete(id);
    else troubles.set(id, answer.kind === "refused" ? answer.message : strings().callback.notCancelled);
    this.troubles = troubles;
  }
}
