/** One call in full: the hero, the systems asked, the customer or the candidates. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "./call-bar";
import type { Parked } from "./call-bar";
import "./candidates";
import { mayComeTo } from "./customer";
import "./customer-cards";
import type { Customer, CustomerContext, Pop, TeamMember } from "./frames";
import "./hero";
import { Localized, strings } from "./language";
import type { Closed } from "./state";
import { base } from "./styles";
import "./systems";

@customElement("ctihub-pop")
export class PopView extends LitElement {
  static override styles = [
    base,
    css`
      article {
        display: flex;
        flex-direction: column;
        gap: 0.75rem;
        min-width: 0;
      }
      /* Cards have the room down to the window's end, however full they are: what fills them moves nothing below. */
      :host([full]) article {
        min-height: calc(100vh - 4.5rem);
      }
      /* A window that is high enough shows the latest of today's calls below. */
      @media (min-height: 49rem) {
        :host([full]) article {
          min-height: calc(100vh - 12.5rem);
        }
      }
      ctihub-customer {
        flex: 1 0 auto;
      }
    `,
  ];

  @property({ attribute: false }) pop!: Pop;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** All calls of the agent, this one too. */
  @property({ attribute: false }) pops: readonly Pop[] = [];
  @property({ attribute: false }) agent = "";
  @property({ attribute: false }) team: ReadonlyMap<string, TeamMember> = new Map();
  @property({ attribute: false }) onParked: (parked: Parked) => void = () => undefined;
  /** How and when the call left the agent, who still works on it; undefined while it has not. */
  @property({ attribute: false }) past: Closed | undefined;
  /** Which of several customers is shown in full: none until the agent has asked, for it may be the wrong one. */
  @state() private chosen: number | undefined;

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("pop");
    if (before && before.call.id !== this.pop.call.id) this.chosen = undefined;
    this.toggleAttribute("full", this.customer !== undefined || mayComeTo(this.context));
  }

  private get customer(): Customer | undefined {
    const customers = this.context?.customers ?? [];
    return customers.length > 1 ? customers[this.chosen ?? -1] : customers[0];
  }

  protected override render(): TemplateResult {
    const { pop, context, clockAhead } = this;
    const customers = context?.customers ?? [];
    const answers = context?.answers ?? [];
    const { customer } = this;
    return html`<article data-testid="pop" data-call=${pop.call.id} data-state=${this.past ? "past" : pop.state} aria-label=${strings().call.region}>
      <ctihub-hero .pop=${pop} .context=${context} .clockAhead=${clockAhead} .past=${this.past}></ctihub-hero>
      <ctihub-call-bar
        .pop=${pop}
        .pops=${this.pops}
        .agent=${this.agent}
        .team=${this.team}
        .past=${this.past !== undefined}
        .clockAhead=${clockAhead}
        .onParked=${this.onParked}
      ></ctihub-call-bar>
      ${answers.length > 0 ? html`<ctihub-systems .answers=${answers}></ctihub-systems>` : nothing}
      ${context && customers.length > 1
        ? html`<ctihub-candidates
            .context=${context}
            .chosen=${this.chosen}
            .clockAhead=${clockAhead}
            @choose=${(event: CustomEvent<number>) => (this.chosen = event.detail)}
          ></ctihub-candidates>`
        : nothing}
      <ctihub-customer
        ?hidden=${!customer && !mayComeTo(context) && !context?.interactions?.length}
        .customer=${customer}
        .context=${context}
        .clockAhead=${clockAhead}
      ></ctihub-customer>
    </article>`;
  }
}
