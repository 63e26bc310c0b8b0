/** What the hub proposes for this customer, and a callback that was asked for: read before the phone is picked up. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/alert.js";
import "@ui5/webcomponents-icons/dist/error.js";
import "@ui5/webcomponents-icons/dist/lightbulb.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { since, withDays } from "./format";
import type { Callback, Customer, CustomerContext, Proposal, ProposalKind } from "./frames";
import { Localized, inLanguage, strings } from "./language";
import "./popup";
import { webAddress } from "./safe-link";
import { base } from "./styles";

const ICONS: Record<ProposalKind, string> = { stop: "error", attention: "alert", offer: "lightbulb" };
const FIRST: Record<ProposalKind, number> = { stop: 0, attention: 1, offer: 2 };
const NARROW = matchMedia("(max-width: 56rem)");
const ROOM = 3;
/** What must not be done is shown beside a callback as well. */
const NARROW_ROOM = 2;

@customElement("ctihub-proposals")
export class Proposals extends LitElement {
  static override styles = [
    base,
    css`
      /* Its room is there from the first moment, so that what comes late moves nothing. */
      :host {
        height: 7.75rem;
        overflow: hidden;
      }
      ul {
        display: grid;
        grid-auto-rows: 2.4rem;
        gap: 0.25rem;
      }
      li {
        min-width: 0;
      }
      ctihub-popup {
        display: block;
        /* Within the box: there is no room around it, and the hero's colour is the focus's. */
        --popup-focus: var(--sapTextColor);
        --popup-focus-offset: -4px;
      }
      .box {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: 0 0.5rem;
        box-sizing: border-box;
        width: 100%;
        height: 2.4rem;
        padding: 0 0.625rem;
        border-radius: 0.5rem;
        border: 1px solid currentColor;
        line-height: 1.2;
      }
      ctihub-popup > .box {
        flex: 1;
        min-width: 0;
      }
      .stop {
        background: var(--sapErrorBackground);
        color: var(--sapNegativeTextColor);
      }
      .attention {
        background: var(--sapWarningBackground);
        color: var(--sapCriticalTextColor);
      }
      .offer {
        background: var(--sapInformationBackground);
        color: var(--sapInformativeTextColor);
      }
      .callback {
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
      }
      ui5-icon {
        color: inherit;
      }
      .lines {
        display: grid;
        min-width: 0;
      }
      .line {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .text {
        font-weight: 700;
      }
      .why {
        font-size: 0.75rem;
      }
      .others {
        font-size: 0.75rem;
        font-weight: 600;
        white-space: nowrap;
      }
      .text,
      .why {
        text-align: start;
      }
      .spoken {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
      @media (max-width: 68rem) {
        :host {
          height: 2.4rem;
        }
        ul {
          grid-auto-flow: column;
          grid-auto-columns: minmax(0, 1fr);
        }
      }
      @media (max-width: 56rem) {
        :host {
          height: 5.05rem;
        }
        ul {
          grid-auto-flow: row;
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  /** Undefined where it is not known which customer is meant. */
  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    NARROW.addEventListener("change", this.look);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    NARROW.removeEventListener("change", this.look);
  }

  private readonly look = (): void => this.requestUpdate();

  protected override render(): TemplateResult | typeof nothing {
    const callback = this.context?.callback;
    const all = inOrder(this.customer?.proposals ?? []);
    if (!callback && all.length === 0) return nothing;
    const room = (NARROW.matches ? NARROW_ROOM : ROOM) - (callback ? 1 : 0);
    const shown = all.slice(0, Math.max(0, room));
    const hidden = all.length - shown.length;
    return html`<ul aria-label=${strings().proposals.title}>
      ${callback ? this.callback(callback, hidden > 0 && shown.length === 0 ? all : []) : nothing}
      ${shown.map((proposal, index) => this.proposal(proposal, all, index === shown.length - 1 ? hidden : 0))}
    </ul>`;
  }

  private proposal(proposal: Proposal, all: readonly Proposal[], hidden: number): TemplateResult {
    const words = strings().proposals;
    const { text, reason } = this.read(proposal);
    return html`<li data-testid="proposal" data-kind=${proposal.kind} data-rule=${proposal.rule}>
      <ctihub-popup .hint=${[text, words.because(reason)].join("\n")} .content=${() => this.list(all)}>
        <span class="box ${proposal.kind}">
          <ui5-icon name=${ICONS[proposal.kind]} mode="Decorative"></ui5-icon>
          <span class="spoken">${words.kind[proposal.kind]}: </span>
          <span class="lines"
            ><span class="line text" dir="auto" data-testid="proposal-text">${text}</span
            ><span class="line why" dir="auto" data-testid="proposal-reason">${reason}</span></span
          >
          <span class="others">${hidden > 0 ? words.more(hidden) : nothing}</span>
        </span>
      </ctihub-popup>
    </li>`;
  }

  /** In the agent's words. */
  private read({ text, reason }: Proposal): { readonly text: string; readonly reason: string } {
    const now = Date.now() + this.clockAhead;
    return { text: withDays(inLanguage(text), now), reason: withDays(inLanguage(reason), now) };
  }

  private list(all: readonly Proposal[]): TemplateResult {
    const words = strings().proposals;
    return html`<h4>${words.title}</h4>
      <ul data-testid="all-proposals">
        ${all.map((proposal) => {
          const { text, reason } = this.read(proposal);
          return html`<li>
            <div class="what ${proposal.kind}">
              ${words.kind[proposal.kind]}: <bdi>${text}</bdi>
              ${proposal.about ? html`<span class="quiet">(<bdi>${proposal.about}</bdi>)</span>` : nothing}
            </div>
            <div>${words.because("")}<bdi>${reason}</bdi></div>
          </li>`;
        })}
      </ul>`;
  }

  private callback(callback: Callback, all: readonly Proposal[]): TemplateResult {
    const words = strings();
    const now = Date.now() + this.clockAhead;
    const address = webAddress(callback.url ?? "");
    const page = callback.page || address || "";
    const asked = words.callback.asked(since(callback.requested_at, now));
    return html`<li data-testid="callback">
      <span class="box callback" title=${[asked, callback.topic, page].filter(Boolean).join("\n")}>
        <ui5-icon name="outgoing-call" mode="Decorative"></ui5-icon>
        <span class="lines"
          ><span class="line text">${asked}${callback.topic ? html`: <bdi>${callback.topic}</bdi>` : nothing}</span
          ><span class="line why"
            >${page ? html`${words.callback.from} ` : nothing}${address
              ? html`<a href=${address} target="_blank" rel="noopener noreferrer" data-testid="callback-page"
                  ><bdi>${page}</bdi></a
                >`
              : html`<bdi>${page}</bdi>`}</span
          ></span
        >
        ${all.length > 0
          ? html`<ctihub-popup class="others" .label=${words.proposals.all} .content=${() => this.list(all)}
              >${words.proposals.more(all.length)}</ctihub-popup
            >`
          : nothing}
      </span>
    </li>`;
  }
}

/** What must not be done comes first, then what is overdue. */
const inOrder = (proposals: readonly Proposal[]): readonly Proposal[] =>
  proposals.toSorted((one, other) => FIRST[one.kind] - FIRST[other.kind]);
