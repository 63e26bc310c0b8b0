/** What is known of one customer: open orders, open cases, latest contacts, contact data. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import "./cases";
import { mayComeTo } from "./customer";
import "./details";
import type { Customer, CustomerContext } from "./frames";
import "./history";
import "./orders";
import { base } from "./styles";

@customElement("ctihub-customer")
export class CustomerCards extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1.15fr)) minmax(0, 0.85fr);
        gap: 0.75rem;
        align-content: start;
      }
      @media (min-width: 100rem) {
        :host {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1.5fr) minmax(0, 0.8fr);
        }
      }
      /* Room for the rows that each card shows at first, so that a card that fills does not push the next one. */
      @media (max-width: 68rem) {
        :host {
          grid-template-columns: repeat(2, minmax(0, 1fr));
          grid-auto-rows: minmax(20.5rem, auto);
        }
      }
      @media (max-width: 40rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          grid-auto-rows: minmax(16rem, auto);
        }
      }
    `,
  ];

  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  protected override render(): TemplateResult | typeof nothing {
    const { customer, context, clockAhead } = this;
    const contacts = html`<ctihub-history .context=${context} .clockAhead=${clockAhead}></ctihub-history>`;
    // Of somebody whom no system knows there is nothing to show but earlier contacts.
    if (!customer && !mayComeTo(context)) return context?.interactions?.length ? contacts : nothing;
    return html`
      <ctihub-orders .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-orders>
      <ctihub-cases .customer=${customer} .context=${context} .clockAhead=${clockAhead}></ctihub-cases>
      ${contacts}
      <ctihub-details .customer=${customer} .context=${context}></ctihub-details>
    `;
  }
}
