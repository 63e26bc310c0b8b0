/** What is known of one customer: orders, cases, timeline, contact data; below them what a customer may have besides. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "./bills";
import "./cases";
import "./consents";
import { mayComeTo } from "./customer";
import "./details";
import type { Customer, CustomerContext } from "./frames";
import "./history";
import "./orders";
import "./products";
import { base } from "./styles";

type Besides = "products" | "bills" | "consents";

/** Which of the cards below have something in them. */
function besides(customer: Customer): readonly Besides[] {
  const has: Record<Besides, boolean> = {
    products: Boolean(customer.products?.length),
    bills: Boolean(customer.invoices?.length || customer.balances?.length),
    consents: Boolean(customer.consents?.length || Object.keys(customer.preferences ?? {}).length),
  };
  return (Object.keys(has) as Besides[]).filter((name) => has[name]);
}

@customElement("ctihub-customer")
export class CustomerCards extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-rows: 1fr auto;
        gap: 0.75rem;
      }
      .first {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1.15fr)) minmax(0, 0.85fr);
        gap: 0.75rem;
      }
      /* As high with one card as with three: its upper edge stays where it is when another one comes. */
      .besides {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: 0.75rem;
        min-height: 10.75rem;
      }
      @media (max-height: 50rem) {
        .besides {
          min-height: 8rem;
        }
      }
      @media (min-width: 100rem) {
        .first {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.5fr) minmax(0, 0.8fr);
        }
      }
      /* Room for the rows that each card shows at first, so that a card that fills does not push the next one. */
      @media (max-width: 68rem) {
        .first {
          grid-template-columns: repeat(2, minmax(0, 1fr));
          grid-auto-rows: minmax(20.5rem, auto);
        }
      }
      .first.alone {
        grid-template-columns: minmax(0, 48rem);
      }
      @media (max-width: 56rem) {
        .besides {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
      @media (max-width: 40rem) {
        .first {
          grid-template-columns: minmax(0, 1fr);
          grid-auto-rows: minmax(16rem, auto);
        }
        .besides {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** Where older interactions can be had; empty where they can't. */
  @property({ attribute: false }) timeline = "";
  /** In the order in which they came: none makes way for one that comes later. */
  private came: readonly Besides[] = [];

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("context");
    if (before && before.call_id !== this.context?.call_id) this.came = [];
    const now = this.customer ? besides(this.customer) : [];
    this.came = [...this.came.filter((name) => now.includes(name)), ...now.filter((name) => !this.came.includes(name))];
  }

  protected override render(): TemplateResult | typeof nothing {
    const { customer, context, clockAhead } = this;
    const contacts = html`<ctihub-history
      .context=${context}
      .clockAhead=${clockAhead}
      .path=${this.timeline}
    ></ctihub-history>`;
    // Of somebody whom no system knows there is nothing to show but earlier contacts.
    if (!customer && !mayComeTo(context)) {
      return context?.interactions?.length ? html`<div class="first alone">${contacts}</div>` : nothing;
    }
    return html`<div class="first">
        <ctihub-orders .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-orders>
        <ctihub-cases .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-cases>
        ${contacts}
        <ctihub-details .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-details>
      </div>
      ${this.came.length > 0
        ? html`<div class="besides" data-testid="besides">
            ${repeat(
              this.came,
              (name) => name,
              (name) => this.beside(name),
            )}
          </div>`
        : nothing}`;
  }

  private beside(name: Besides): TemplateResult {
    const { customer, context, clockAhead } = this;
    switch (name) {
      case "products":
        return html`<ctihub-products
          data-testid="products"
          .customer=${customer}
          .context=${context}
          .clockAhead=${clockAhead}
        ></ctihub-products>`;
      case "bills":
        return html`<ctihub-bills
          data-testid="bills"
          .customer=${customer}
          .context=${context}
          .clockAhead=${clockAhead}
        ></ctihub-bills>`;
      case "consents":
        return html`<ctihub-consents
          data-testid="consents"
          .customer=${customer}
          .context=${context}
          .clockAhead=${clockAhead}
        ></ctihub-consents>`;
    }
  }
}
