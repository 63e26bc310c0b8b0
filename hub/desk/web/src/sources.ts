/** Which records a customer is made of, why they were joined, and the way to take out one that is somebody else's. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { controls } from "./controls";
import { systemTitle } from "./customer";
import { moment, percent } from "./format";
import type { Customer, CustomerContext, RecordMatch, RecordRef } from "./frames";
import { isSame, recordOf, recordsOf, splitOff, want } from "./identity";
import { Localized, strings } from "./language";
import { reasonsText } from "./maybe-same";
import { webAddress } from "./safe-link";
import { base } from "./styles";

@customElement("ctihub-sources")
export class Sources extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      h4 {
        margin: 0 0 0.375rem;
        font-size: 0.875rem;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 0.75rem;
        padding: 0.375rem 0;
        border-top: 1px solid var(--sapList_BorderColor);
        overflow-wrap: anywhere;
      }
      li:first-child {
        border-top: 0;
      }
      .record {
        flex: 1 1 12rem;
        min-width: 0;
      }
      .head {
        font-weight: 600;
      }
      button {
        min-height: 1.875rem;
      }
    `,
  ];

  @property({ attribute: false }) customer!: Customer;
  @property({ attribute: false }) context: CustomerContext | undefined;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const refs = recordsOf(this.customer, this.context?.answers ?? []);
    return html`<h4>${strings().identity.sourcesTitle}</h4>
      <ul data-testid="sources">
        ${refs.map((ref) => this.record(ref, refs))}
      </ul>`;
  }

  private record(ref: RecordRef, all: readonly RecordRef[]): TemplateResult {
    const words = strings();
    const answers = this.context?.answers ?? [];
    const record = recordOf(ref, answers);
    const title = `${systemTitle(ref.system, answers)} ${ref.id}`;
    const address = webAddress(record?.url ?? "");
    const at = record?.changed_at ?? record?.fetched_at;
    return html`<li data-testid="source" data-system=${ref.system}>
      <div class="record">
        <span class="head"
          >${address
            ? html`<a href=${address} target="_blank" rel="noopener noreferrer"><bdi>${title}</bdi></a>`
            : html`<bdi>${title}</bdi>`}</span
        >
        <bdi>${record?.name?.full || record?.organization || ""}</bdi>
        ${at ? html`<span class="quiet">${words.systems.asOf(moment(at, Date.now()))}</span>` : nothing}
        ${this.joined(ref)}
      </div>
      ${all.length > 1
        ? html`<button
            data-testid="split"
            aria-label=${words.identity.splitOf(title)}
            @click=${() => want(this, { decisions: splitOff(ref, all), done: words.identity.splitDone(title) })}
            >${words.identity.split}</button
          >`
        : nothing}
    </li>`;
  }

  private joined(ref: RecordRef): TemplateResult {
    const words = strings().identity;
    const matches = (this.customer.matches ?? []).filter(({ other }) => isSame(other, ref));
    return html`${matches.map(
      (match) => html`<div class="source" data-testid="joined">${words.joined}: <bdi>${because(match)}</bdi></div>`,
    )}`;
  }
}

function because({ score, reasons, decision }: RecordMatch): string {
  const words = strings().identity;
  return [decision ? words.decided : reasonsText(reasons), words.score(percent(score))].filter(Boolean).join(" · ");
}
