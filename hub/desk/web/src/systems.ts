/** Every backend that was asked about the caller: still asking, what it said, or a notice why it said nothing. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/accept.js";
import "@ui5/webcomponents-icons/dist/alert.js";
import "@ui5/webcomponents-icons/dist/less.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { BackendAnswer } from "./frames";
import { moment } from "./format";
import { Localized, locale, strings } from "./language";
import { webAddress } from "./safe-link";
import { base, skeleton } from "./styles";

@customElement("ctihub-systems")
export class Systems extends LitElement {
  static override styles = [
    base,
    skeleton,
    css`
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      li {
        flex: 1 1 15rem;
        display: grid;
        grid-template-columns: 1rem minmax(0, 1fr);
        column-gap: 0.625rem;
        min-height: 3.5rem;
        padding: 0.5rem 0.875rem;
        border-radius: 0.75rem;
        background: var(--sapTile_Background);
        border: 1px solid var(--sapGroup_ContentBorderColor);
      }
      ui5-icon {
        margin-top: 0.125rem;
      }
      .found ui5-icon {
        color: var(--sapPositiveElementColor);
      }
      .not_found ui5-icon {
        color: var(--sapNeutralElementColor);
      }
      .failed {
        background: var(--sapWarningBackground);
        border-color: var(--sapWarningBorderColor);
      }
      .failed ui5-icon {
        color: var(--sapCriticalElementColor);
      }
      .name {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .dot {
        width: 0.75rem;
        height: 0.75rem;
        margin-top: 0.25rem;
        border-radius: 50%;
        border: 2px solid var(--sapContent_BusyColor);
        border-top-color: transparent;
        animation: turn 0.9s linear infinite;
      }
      @keyframes turn {
        to {
          transform: rotate(1turn);
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .dot {
          animation: none;
        }
      }
      /* Two beside one another, each as high whatever it says: what is known of the customer begins soon below. */
      @media (max-width: 40rem) {
        ul {
          display: grid;
          grid-template-columns: repeat(auto-fit, minmax(min(10rem, 100%), 1fr));
        }
        li {
          height: 3rem;
          min-height: 0;
          padding: 0.25rem 0.625rem;
          column-gap: 0.5rem;
          font-size: 0.8125rem;
        }
        .said,
        .name {
          overflow: hidden;
          text-overflow: ellipsis;
          white-space: nowrap;
        }
        .failed .said {
          white-space: normal;
          display: -webkit-box;
          -webkit-box-orient: vertical;
          -webkit-line-clamp: 2;
        }
      }
    `,
  ];

  @property({ attribute: false }) answers: readonly BackendAnswer[] = [];

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    return html`<ul aria-label=${strings().systems.title}>
      ${this.answers.map((answer) => this.system(answer))}
    </ul>`;
  }

  private system(answer: BackendAnswer): TemplateResult {
    const icons = { found: "accept", not_found: "less", failed: "alert", pending: "" };
    return html`<li
      class=${answer.state}
      data-testid="system"
      data-system=${answer.connector}
      data-state=${answer.state}
    >
      ${answer.state === "pending"
        ? html`<span class="dot"></span>`
        : html`<ui5-icon name=${icons[answer.state]} mode="Decorative"></ui5-icon>`}
      <div>
        ${answer.state === "failed" ? nothing : html`<div class="name">${answer.title || answer.connector}</div>`}
        ${this.said(answer)}
      </div>
    </li>`;
  }

  private said(answer: BackendAnswer): TemplateResult {
    const words = strings().systems;
    switch (answer.state) {
      case "pending":
        return html`<div class="quiet said">${words.pending}</div>`;
      case "not_found":
        return html`<div class="quiet said">${words.notFound}${this.how(answer)}</div>`;
      case "failed":
        return html`<div class="said" data-testid="notice" data-problem=${answer.problem ?? "internal"} title=${answer.detail ?? ""}>
          <span class="name">${answer.title || answer.connector}</span> ${words.problem[answer.problem ?? "internal"]}
          <div class="quiet">${words.missing}</div>
        </div>`;
      case "found":
        return html`<div class="quiet said" data-testid="answer" title=${answer.detail ?? ""}
          >${this.found(answer)}${this.how(answer)}${this.links(answer)}</div
        >`;
    }
  }

  private found(answer: BackendAnswer): string {
    const count = answer.records?.length ?? 0;
    return count > 1 ? strings().systems.records(count) : strings().systems.found;
  }

  private how(answer: BackendAnswer): string {
    if (answer.as_of) return ` · ${this.age(answer, answer.as_of)}`;
    if (answer.cached) return ` · ${strings().systems.cached}`;
    if (!answer.took_ms) return "";
    const time = new Intl.NumberFormat(locale(), { style: "unit", unit: "millisecond", maximumFractionDigits: 0 });
    return ` · ${time.format(answer.took_ms)}`;
  }

  /** An answer that is older than it should be says from when it is, and why there is none of now. */
  private age(answer: BackendAnswer, at: string): string {
    const words = strings().systems;
    const asOf = words.asOf(moment(at, Date.now()));
    return answer.problem ? `${asOf} · ${words.problem[answer.problem]}` : asOf;
  }

  private links(answer: BackendAnswer): TemplateResult | typeof nothing {
    const records = (answer.records ?? []).flatMap((record) => {
      const address = webAddress(record.url ?? "");
      return address ? [{ id: record.id, address }] : [];
    });
    if (records.length === 0) return nothing;
    return html`${records.slice(0, 5).map(
        ({ id, address }) => html` ·
          <a
          data-testid="record-link"
          href=${address}
          target="_blank"
          rel="noopener noreferrer"
          title=${strings().systems.open(answer.title)}
            >${id}</a
          >`,
    )}`;
  }
}
