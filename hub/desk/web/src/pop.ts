/** One call in full: the hero, the systems asked, the customer or the candidates. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "./candidates";
import { isPending } from "./customer";
import "./customer-cards";
import type { CustomerContext, Pop } from "./frames";
import "./hero";
import { Localized, strings } from "./language";
import { base } from "./styles";
import "./systems";

@customElement("ctihub-pop")
export class PopView extends LitElement {
  static override styles = [
    base,
    css`
      article {
        display: grid;
        gap: 0.75rem;
      }
    `,
  ];

  @property({ attribute: false }) pop!: Pop;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** Which of several customers is shown in full: none until the agent has asked, for it may be the wrong one. */
  @state() private chosen: number | undefined;

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("pop");
    if (before && before.call.id !== this.pop.call.id) this.chosen = undefined;
  }

  protected override render(): TemplateResult {
    const { pop, context, clockAhead } = this;
    const customers = context?.customers ?? [];
    const answers = context?.answers ?? [];
    const customer = customers.length > 1 ? customers[this.chosen ?? -1] : customers[0];
    return html`<article data-testid="pop" data-call=${pop.call.id} data-state=${pop.state} aria-label=${strings().call.region}>
      <ctihub-hero .pop=${pop} .context=${context} .clockAhead=${clockAhead}></ctihub-hero>
      ${context && customers.length > 1
        ? html`<ctihub-candidates
            .context=${context}
            .chosen=${this.chosen}
            .clockAhead=${clockAhead}
            @choose=${(event: CustomEvent<number>) => (this.chosen = event.detail)}
          ></ctihub-candidates>`
        : nothing}
      ${answers.length > 0 ? html`<ctihub-systems .answers=${answers}></ctihub-systems>` : nothing}
      <ctihub-customer
        ?hidden=${!customer && !isPending(context) && !context?.interactions?.length}
        .customer=${customer}
        .context=${context}
        .clockAhead=${clockAhead}
      ></ctihub-customer>
    </article>`;
  }
}
