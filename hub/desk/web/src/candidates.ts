/** Several customers with one number, side by side, with what tells them apart; the agent asks and picks. */
import "@ui5/webcomponents/dist/Button.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { attention, customerName, openCases, openOrders, systemTitle } from "./customer";
import { day, provenance } from "./format";
import type { Customer, CustomerContext } from "./frames";
import { Localized, strings } from "./language";
import "./maybe-same";
import { base, card } from "./styles";

@customElement("ctihub-candidates")
export class Candidates extends LitElement {
  static override styles = [
    base,
    card,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr));
        gap: 0.75rem;
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
      ctihub-maybe-same {
        grid-column: 1 / -1;
      }
    `,
  ];

  @property({ attribute: false }) context!: CustomerContext;
  /** The one shown. */
  @property({ attribute: false }) chosen: Customer | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const customers = this.context.customers ?? [];
    const facts = customers.map((customer) => this.facts(customer));
    const common = new Set(facts[0]?.filter((fact) => facts.every((others) => others.includes(fact))));
    return html`${customers.map((customer, index) =>
        this.candidate(customer, facts[index] ?? [], common, customer === this.chosen),
      )}
      ${this.context.maybe_same?.length
        ? html`<ctihub-maybe-same .context=${this.context}></ctihub-maybe-same>`
        : nothing}`;
  }

  /** What an agent can ask for: company and role, birthday, town; then what is open. */
  private facts(customer: Customer): readonly string[] {
    const words = strings().identity;
    const now = Date.now() + this.clockAhead;
    const name = customerName(customer);
    const orders = openOrders(customer, now).length;
    const cases = openCases(customer, now).length;
    const born = customer.birth_date?.value;
    return [
      customer.organization?.value === name ? "" : customer.organization?.value,
      customer.title?.value,
      born ? words.born(day(born, now)) : "",
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
    isChosen: boolean,
  ): TemplateResult {
    const words = strings();
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
        ? html`<div class="source">${provenance(systemTitle(told.system, this.context.answers ?? []), told.record, told.at)}</div>`
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
}
