/** How to reach the customer, and what the customer is called elsewhere; each value says which system told it. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { isPending, systemTitle } from "./customer";
import "./dial-number";
import { languageName, provenance, regionName } from "./format";
import type { Address, Customer, CustomerContext } from "./frames";
import { Localized, strings } from "./language";
import { base, card, skeleton } from "./styles";

interface Told {
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
}

interface Line {
  readonly text: string;
  readonly label?: string | undefined;
  readonly from?: Told;
  readonly isNumber?: boolean;
}

@customElement("ctihub-details")
export class Details extends LitElement {
  static override styles = [
    base,
    card,
    skeleton,
    css`
      dt {
        font-size: 0.75rem;
        color: var(--sapContent_LabelColor);
        margin-top: 0.4375rem;
        overflow-wrap: anywhere;
      }
      dd {
        overflow-wrap: anywhere;
        text-align: left;
      }
    `,
  ];

  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings().details;
    const { customer } = this;
    return html`<section class="card" data-testid="details">
      <h3>${words.title}</h3>
      ${customer ? this.facts(customer) : this.empty()}
    </section>`;
  }

  private empty(): TemplateResult {
    return isPending(this.context)
      ? html`<span class="skeleton"></span><span class="skeleton short"></span>`
      : html`<p class="empty">${strings().details.none}</p>`;
  }

  private facts(customer: Customer): TemplateResult {
    const words = strings().details;
    const { language, owner } = customer;
    return html`<dl>
      ${this.fact(words.phones, customer.phones?.map((from) => ({ text: from.value.number, label: from.value.label, from, isNumber: true })))}
      ${this.fact(words.emails, customer.emails?.map((from) => ({ text: from.value.address, label: from.value.label, from })))}
      ${this.fact(words.address, customer.addresses?.slice(0, 2).map((from) => ({ text: postal(from.value), from })))}
      ${this.fact(words.language, language && [{ text: languageName(language.value), from: language }])}
      ${this.fact(words.owner, owner && [{ text: owner.value, from: owner }])}
      ${Object.entries(customer.extra ?? {}).map(([name, from]) => this.fact(name, [{ text: from.value, from }]))}
      ${this.fact(
        words.ids,
        this.ids(customer).map(([system, id]) => ({ text: `${this.titleOf(system)} ${id}` })),
      )}
    </dl>`;
  }

  private fact(name: string, lines: readonly Line[] | undefined | null): TemplateResult | typeof nothing {
    if (!lines || lines.length === 0) return nothing;
    return html`<dt>${name}</dt>
      ${lines.map(
        ({ text, label, from, isNumber }) => html`<dd dir="auto" title=${from ? provenance(this.titleOf(from.system), from.record, from.at) : ""}>
          ${isNumber ? html`<ctihub-number .number=${text}></ctihub-number>` : text}${label ? html` <span class="quiet">${label}</span>` : nothing}
        </dd>`,
      )}`;
  }

  /** The systems asked come first; the same number under a name that only programs know is not said twice. */
  private ids(customer: Customer): readonly (readonly [string, string])[] {
    const asked = new Set((this.context?.answers ?? []).map((answer) => answer.connector));
    const all = Object.entries(customer.ids);
    const own = all.filter(([system]) => asked.has(system));
    const said = new Set(own.map(([, id]) => id));
    return [...own, ...all.filter(([system, id]) => !asked.has(system) && !said.has(id))];
  }

  private titleOf(system: string): string {
    return systemTitle(system, this.context?.answers ?? []);
  }
}

function postal(address: Address): string {
  const town = [address.postcode, address.locality].filter(Boolean).join(" ");
  return [address.street, town, address.country && regionName(address.country)].filter(Boolean).join(", ");
}
