/** Several customers with one number, side by side; the agent asks and picks. */
import "@ui5/webcomponents/dist/Button.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { attention, customerName, systemTitle } from "./customer";
import { provenance } from "./format";
import type { Customer, CustomerContext } from "./frames";
import { Localized, strings } from "./language";
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
      ui5-button {
        justify-self: start;
        margin-top: 0.25rem;
      }
    `,
  ];

  @property({ attribute: false }) context!: CustomerContext;
  @property({ attribute: false }) chosen: number | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    return html`${(this.context.customers ?? []).map((customer, index) => this.candidate(customer, index))}`;
  }

  private candidate(customer: Customer, index: number): TemplateResult {
    const words = strings();
    const { late, urgent } = attention(customer, Date.now() + this.clockAhead);
    const isChosen = index === this.chosen;
    const told = customer.name ?? customer.organization;
    const organization = customer.organization?.value === customerName(customer) ? "" : customer.organization?.value;
    const town = customer.addresses?.[0]?.value.locality;
    return html`<section class="card ${isChosen ? "chosen" : ""}" data-testid="candidate">
      <div class="name" data-testid="candidate-name">${customerName(customer)}</div>
      <div>${[organization, town, customer.tier?.value].filter(Boolean).join(" · ")}</div>
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
        @click=${() => this.dispatchEvent(new CustomEvent<number>("choose", { detail: index }))}
        >${isChosen ? words.caller.chosen : words.caller.choose}</ui5-button
      >
    </section>`;
  }
}
