/** One customer without a call: the same cards as in a call, numbers to dial, an address of its own. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/decline.js";
import "@ui5/webcomponents-icons/dist/person-placeholder.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ask } from "./api";
import { conflictMark } from "./conflict";
import { controls } from "./controls";
import { customerName, systemTitle } from "./customer";
import { customer as askCustomer, customerPath, type Said } from "./customer-api";
import "./customer-cards";
import "./dial-number";
import { isOver, provenance } from "./format";
import type { BackendAnswer, Customer, CustomerContext, CustomerView, RecordRef, TimelinePage } from "./frames";
import { IdentityDecisions, recordsOf, type Wanted } from "./identity";
import { bodyOf } from "./json";
import { Localized, strings } from "./language";
import "./maybe-same";
import "./popup";
import "./proposals";
import "./reasons";
import "./sources";
import { base } from "./styles";
import "./systems";
import "./undo";

const NUMBERS = 3;

@customElement("ctihub-customer-page")
export class CustomerPage extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      article {
        display: flex;
        flex-direction: column;
        gap: 0.75rem;
        min-width: 0;
        min-height: calc(100vh - 4.5rem);
      }
      .hero {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 30vw) minmax(0, max-content);
        column-gap: 1.5rem;
        padding: 1.125rem 1.5rem 1.25rem;
        border-radius: 1rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        border-inline-start: 0.5rem solid var(--sapNeutralElementColor);
        background: var(--sapTile_Background);
      }
      ctihub-reasons {
        grid-column: 1 / -1;
      }
      .kind {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        font-weight: 600;
        color: var(--sapContent_LabelColor);
      }
      h2 {
        font-size: 2rem;
        line-height: 1.2;
        margin: 0.25rem 0;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
        text-align: left;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
      }
      .company {
        font-size: 1.125rem;
        overflow-wrap: anywhere;
      }
      .side {
        display: grid;
        justify-items: end;
        align-content: start;
        gap: 0.375rem;
      }
      .phone {
        font-size: 1.25rem;
        font-weight: 600;
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .link {
        text-decoration: underline;
      }
      .said {
        display: grid;
        justify-items: center;
        gap: 0.75rem;
        padding: 2.25rem 1rem;
        border-radius: 1rem;
        border: 1px dashed var(--sapGroup_ContentBorderColor);
        overflow-wrap: anywhere;
      }
      ctihub-customer {
        flex: 1 0 auto;
      }
      @media (max-width: 68rem) {
        .hero {
          grid-template-columns: minmax(0, 1fr) minmax(0, max-content);
        }
        ctihub-proposals {
          grid-row: 2;
          grid-column: 1 / -1;
          margin-top: 0.5rem;
        }
      }
      @media (max-width: 40rem) {
        .hero {
          grid-template-columns: minmax(0, 1fr);
        }
        ctihub-proposals {
          grid-row: 3;
        }
        .side {
          justify-items: start;
        }
      }
    `,
  ];

  @property({ attribute: false }) record!: RecordRef;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** Whether the way out leads back to a call. */
  @property({ type: Boolean, attribute: false }) inCall = false;
  @state() private view: Said<CustomerView> | undefined;
  @state() private page: TimelinePage = {};
  private asked: AbortController | undefined;
  private readonly decisions = new IdentityDecisions(this, () => void this.load());

  constructor() {
    super();
    new Localized(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asked?.abort();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("record")) return;
    this.view = undefined;
    this.page = {};
    this.decisions.forget();
    void this.load();
  }

  private async load(): Promise<void> {
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    const [view, timeline] = await Promise.all([
      askCustomer(this.record, asked.signal),
      ask(`${customerPath(this.record)}/timeline?limit=25`, { signal: asked.signal }),
    ]);
    const page = timeline?.ok ? ((await bodyOf(timeline)) as TimelinePage | undefined) : undefined;
    if (this.asked !== asked) return;
    this.view = view;
    this.page = page ?? {};
  }

  /** As of a call, so that the same cards show it. */
  private get context(): CustomerContext | undefined {
    if (this.view?.kind !== "done") return undefined;
    const { customer, maybe_same = [] } = this.view.value;
    const { interactions = [], repeats = [], next = "" } = this.page;
    const id = `${this.record.system}\n${this.record.id}`;
    return { call_id: id, phone: {}, complete: true, customers: [customer], maybe_same, answers: answersOf(this.view.value), interactions, has_older: next !== "", repeats };
  }

  protected override render(): TemplateResult {
    const words = strings().view;
    const { context } = this;
    const customer = context?.customers?.[0];
    return html`<article
      data-testid="customer-page"
      aria-label=${words.title}
      @decide=${(event: CustomEvent<Wanted>) => void this.decisions.decide(event.detail)}
    >
      ${customer && context ? this.whole(customer, context) : this.notThere()}
      <ctihub-undo .decisions=${this.decisions} .shown=${this.decisions.last ?? this.decisions.trouble}></ctihub-undo>
    </article>`;
  }

  private whole(customer: Customer, context: CustomerContext): TemplateResult {
    const { clockAhead } = this;
    const answers = context.answers ?? [];
    return html`<div class="hero">
        <div>
          <div class="kind">
            <ui5-icon name="person-placeholder" mode="Decorative"></ui5-icon><span>${strings().view.title}</span>
          </div>
          <h2 data-testid="view-name">${customerName(customer)}</h2>
          ${this.about(customer)}
          <div class="source">${this.from(customer, context)}${conflictMark(customer, "name", customerName(customer), answers)}</div>
        </div>
        <ctihub-proposals .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-proposals>
        <div class="side">${this.leave()} ${this.numbers(customer)}</div>
        <ctihub-reasons .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-reasons>
      </div>
      ${answers.length > 0 ? html`<ctihub-systems .answers=${answers}></ctihub-systems>` : nothing}
      ${context.maybe_same?.length ? html`<ctihub-maybe-same .context=${context}></ctihub-maybe-same>` : nothing}
      <ctihub-customer
        .customer=${customer}
        .context=${context}
        .clockAhead=${clockAhead}
        .timeline=${`${customerPath(this.record)}/timeline`}
      ></ctihub-customer>`;
  }

  private about(customer: Customer): TemplateResult | typeof nothing {
    const organization = customer.organization?.value;
    const parts = [organization === customerName(customer) ? "" : organization, customer.title?.value].filter(Boolean);
    return parts.length > 0 ? html`<div class="company"><bdi>${parts.join(" · ")}</bdi></div>` : nothing;
  }

  private from(customer: Customer, context: CustomerContext): TemplateResult {
    const words = strings().identity;
    const answers = context.answers ?? [];
    const told = customer.name ?? customer.organization;
    return html`${told ? `${provenance(systemTitle(told.system, answers), told.record, told.at)} · ` : nothing}<ctihub-popup
        data-testid="open-sources"
        .hint=${words.sourcesHint}
        .content=${() => html`<ctihub-sources .customer=${customer} .context=${context}></ctihub-sources>`}
        ><span class="link">${words.sources(recordsOf(customer, answers).length)}</span></ctihub-popup
      >`;
  }

  private numbers(customer: Customer): readonly TemplateResult[] {
    const now = Date.now() + this.clockAhead;
    return (customer.phones ?? [])
      .filter(({ value }) => !isOver(value.valid_until, now))
      .slice(0, NUMBERS)
      .map(
        ({ value }) => html`<div class="phone number" data-testid="view-number">
          <ctihub-number .number=${value.number} .customer=${customer}></ctihub-number>
        </div>`,
      );
  }

  private leave(): TemplateResult {
    const words = strings().view;
    return html`<button
      data-testid="view-close"
      @click=${() => this.dispatchEvent(new CustomEvent("leave", { bubbles: true, composed: true }))}
    >
      <ui5-icon name="decline" mode="Decorative"></ui5-icon><span>${this.inCall ? words.backToCall : words.close}</span>
    </button>`;
  }

  private notThere(): TemplateResult {
    const words = strings().view;
    const { view } = this;
    const isMissing = view?.kind === "refused" && view.status === 404;
    const text = !view ? words.loading : isMissing ? words.missing : view.kind === "refused" ? view.message : words.failed;
    return html`<div class="said" role="status" data-testid="view-said">
      <span>${text}</span>
      ${view && !isMissing
        ? html`<button data-testid="view-retry" @click=${() => void this.load()}>${words.retry}</button>`
        : nothing}
      ${this.leave()}
    </div>`;
  }
}

/** The backends' answers with the records that the customer is made of, as they stand in a call's context. */
function answersOf({ answers = [], records }: CustomerView): readonly BackendAnswer[] {
  const asked = answers.map((answer) => ({ ...answer, records: records.filter(({ system }) => system === answer.connector) }));
  const others = [...new Set(records.map(({ system }) => system))].filter(
    (system) => !answers.some(({ connector }) => connector === system),
  );
  return [
    ...asked,
    ...others.map((system) => ({
      connector: system,
      title: systemTitle(system, []),
      state: "found" as const,
      records: records.filter((record) => record.system === system),
    })),
  ];
}
