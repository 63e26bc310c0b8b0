/** Several customers with one number, side by side, with what tells them apart; the agent asks and picks. */
import "@ui5/webcomponents/dist/Button.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { controls } from "./controls";
import { attention, birthday, customerName, openCases, openOrders, systemTitle } from "./customer";
import { provenance } from "./format";
import type { Customer, CustomerContext, SourcedName, SourcedStr } from "./frames";
import { Localized, strings } from "./language";
import "./maybe-same";
import { base, card } from "./styles";

/** So many are read one by one. */
const MANY = 6;

/** As one types it: without case, accents, or more than one space. */
const plain = (text: string): string =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

@customElement("ctihub-candidates")
export class Candidates extends LitElement {
  static override styles = [
    base,
    card,
    controls,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
      .all {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr));
        gap: 0.75rem;
      }
      /* More than can be read: found by typing what the caller says, each as low as it can be. */
      .all.many {
        grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
        gap: 0.5rem;
      }
      .many .card {
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        column-gap: 0.75rem;
        padding: 0.375rem 0.5rem 0.375rem 0.875rem;
      }
      .many .card > * {
        grid-column: 1;
      }
      .many .card > ui5-button {
        grid-area: 1 / 2 / span 4 / 2;
        margin: 0;
      }
      .many .name {
        font-size: 1rem;
      }
      .find {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 0.875rem;
      }
      .find input {
        flex: 0 1 22rem;
      }
      .find p {
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .card {
        display: grid;
        gap: 0.25rem;
        align-content: start;
        overflow-wrap: anywhere;
        border-width: 2px;
      }
      .card.chosen {
        border-color: var(--sapSelectedColor);
      }
      .name {
        font-size: 1.25rem;
        font-weight: 700;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
        text-align: left;
      }
      .apart {
        font-weight: 600;
      }
      ui5-button {
        justify-self: start;
        margin-top: 0.25rem;
      }
    `,
  ];

  @property({ attribute: false }) context!: CustomerContext;
  /** The one shown. */
  @property({ attribute: false }) chosen: Customer | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** What the caller said, where there are too many to read. */
  @state() private sought = "";

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("context");
    if (before && before.call_id !== this.context.call_id) this.sought = "";
  }

  protected override render(): TemplateResult {
    const all = (this.context.customers ?? []).map((customer) => ({ customer, facts: this.facts(customer) }));
    const common = new Set(all[0]?.facts.filter((fact) => all.every(({ facts }) => facts.includes(fact))));
    const isMany = all.length > MANY;
    const words = plain(isMany ? this.sought : "").split(" ");
    const fitting = all.filter(({ customer, facts }) => {
      const text = plain([customerName(customer), ...facts, ...Object.values(customer.ids)].join(" "));
      return words.every((word) => text.includes(word));
    });
    return html`${isMany ? this.find(all.length, fitting.length, [...common]) : nothing}
      <div class="all ${isMany ? "many" : ""}">
        ${fitting.map(({ customer, facts }) =>
          // What all of them are is said once above so many.
          this.candidate(customer, isMany ? facts.filter((fact) => !common.has(fact)) : facts, common, isMany),
        )}
      </div>
      ${this.context.maybe_same?.length
        ? html`<ctihub-maybe-same .context=${this.context}></ctihub-maybe-same>`
        : nothing}`;
  }

  private find(count: number, fitting: number, common: readonly string[]): TemplateResult {
    const words = strings().caller;
    return html`<div class="find">
      <input
        type="search"
        autocomplete="off"
        spellcheck="false"
        data-testid="candidate-find"
        aria-label=${words.narrow(count)}
        placeholder=${words.narrow(count)}
        .value=${this.sought}
        @input=${(event: InputEvent) => (this.sought = (event.target as HTMLInputElement).value)}
      />
      <span role="status" class="quiet" data-testid="candidate-fit">${this.sought.trim() ? words.fit(fitting) : ""}</span>
      ${common.length > 0 ? html`<p data-testid="candidate-common">${words.allOf}: <bdi>${common.join(" · ")}</bdi></p>` : nothing}
    </div>`;
  }

  /** What an agent can ask for: company and role, birthday, town; then what is open. */
  private facts(customer: Customer): readonly string[] {
    const words = strings().identity;
    const now = Date.now() + this.clockAhead;
    const name = customerName(customer);
    const orders = openOrders(customer, now).length;
    const cases = openCases(customer, now).length;
    const born = birthday(customer, now);
    return [
      customer.organization?.value === name ? "" : customer.organization?.value,
      customer.title?.value,
      born ? words.born(born) : "",
      customer.addresses?.[0]?.value.locality,
      customer.emails?.[0]?.value.address,
      customer.tier?.value,
      orders > 0 ? words.openOrders(orders) : "",
      cases > 0 ? words.openCases(cases) : "",
    ].filter((fact): fact is string => Boolean(fact));
  }

  private candidate(
    customer: Customer,
    facts: readonly string[],
    common: ReadonlySet<string>,
    isMany: boolean,
  ): TemplateResult {
    const words = strings();
    const isChosen = customer === this.chosen;
    const { late, urgent } = attention(customer, Date.now() + this.clockAhead);
    const told = customer.name ?? customer.organization;
    return html`<section class="card ${isChosen ? "chosen" : ""}" data-testid="candidate">
      <div class="name" data-testid="candidate-name">${customerName(customer)}</div>
      <div>
        ${facts.map(
          (fact, index) => html`${index > 0 ? " · " : ""}<bdi class=${common.has(fact) ? "quiet" : "apart"}>${fact}</bdi>`,
        )}
      </div>
      ${late.length > 0 || urgent.length > 0
        ? html`<div class="alert">
            ${[late.length > 0 ? words.attention.late(late.length) : "", urgent.length > 0 ? words.attention.urgent(urgent.length) : ""].filter(Boolean).join(" · ")}
          </div>`
        : nothing}
      ${told
        ? this.source(told, isMany)
        : nothing}
      <ui5-button
        design=${isChosen ? "Emphasized" : "Default"}
        data-testid="choose"
        accessible-name="${words.caller.choose}: ${customerName(customer)}"
        @click=${() => this.dispatchEvent(new CustomEvent<Customer>("choose", { detail: customer }))}
        >${isChosen ? words.caller.chosen : words.caller.choose}</ui5-button
      >
    </section>`;
  }

  private source({ system, record, at }: SourcedStr | SourcedName, isShort: boolean): TemplateResult {
    const title = systemTitle(system, this.context.answers ?? []);
    const whole = provenance(title, record, at);
    return html`<div class="source" title=${isShort ? whole : nothing}>${isShort ? `${title} ${record}` : whole}</div>`;
  }
}
