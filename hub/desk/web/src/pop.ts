/** One call in full: the hero, the systems asked, the customer or the candidates. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "./call-bar";
import type { Parked } from "./call-bar";
import "./candidates";
import { candidates, customerName, mayComeTo, meant } from "./customer";
import "./customer-cards";
import type { Customer, CustomerContext, Pop, RecordRef, TeamMember } from "./frames";
import "./hero";
import { IdentityDecisions, customerOf, recordsOf, type Wanted } from "./identity";
import { Localized, strings } from "./language";
import type { Closed } from "./state";
import { base } from "./styles";
import "./systems";
import "./undo";

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
  /** Whom the agent chose of several, until the hub says so itself; nobody until the agent has asked. */
  @state() private chosen: { readonly record: RecordRef; readonly name: string } | undefined;
  /** A choice that was taken back, until the hub has no more of it. */
  @state() private withdrawn: string | undefined;
  private readonly decisions = new IdentityDecisions(this);

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("pop");
    if (before && before.call.id !== this.pop.call.id) {
      this.chosen = undefined;
      this.withdrawn = undefined;
      this.decisions.forget();
    }
    this.toggleAttribute("full", this.customer !== undefined || mayComeTo(this.known));
  }

  /** What the hub knows, without a choice that was just taken back. */
  private get known(): CustomerContext | undefined {
    const { context, withdrawn } = this;
    if (!context?.chosen || context.chosen.decision !== withdrawn) return context;
    const { chosen: _, ...rest } = context;
    return rest;
  }

  private get customer(): Customer | undefined {
    const { known } = this;
    return meant(known) ?? (known && this.chosen && customerOf(this.chosen.record, known, this.chosen.name));
  }

  private readonly choose = (event: CustomEvent<Customer>): void => {
    const [record] = recordsOf(event.detail, this.context?.answers ?? []);
    if (!record) return;
    this.chosen = { record, name: customerName(event.detail) };
    const { id } = this.pop.call;
    void this.decisions.decide({ decisions: [{ kind: "meant", records: [record], call_id: id }], done: "" });
  };

  private readonly takeBack = async (): Promise<void> => {
    const decision = this.context?.chosen?.decision;
    if (!decision || !(await this.decisions.takeBack([decision]))) return;
    this.withdrawn = decision;
    this.chosen = undefined;
  };

  protected override render(): TemplateResult {
    const { pop, clockAhead, customer, known: context } = this;
    const answers = context?.answers ?? [];
    return html`<article data-testid="pop" data-call=${pop.call.id} data-state=${this.past ? "past" : pop.state} aria-label=${strings().call.region}
      @decide=${(event: CustomEvent<Wanted>) => void this.decisions.decide(event.detail)}
      @take-back=${() => void this.takeBack()}
    >
      <ctihub-hero
        .pop=${pop}
        .context=${context}
        .clockAhead=${clockAhead}
        .past=${this.past}
        .agent=${this.agent}
        .team=${this.team}
      ></ctihub-hero>
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
      ${context && candidates(context).length > 0
        ? html`<ctihub-candidates
            .context=${context}
            .chosen=${customer}
            .clockAhead=${clockAhead}
            @choose=${this.choose}
          ></ctihub-candidates>`
        : nothing}
      <ctihub-customer
        ?hidden=${!customer && !mayComeTo(context) && !context?.interactions?.length}
        .customer=${customer}
        .context=${context}
        .clockAhead=${clockAhead}
        .timeline=${this.past ? "" : `/api/v1/calls/${encodeURIComponent(pop.call.id)}/timeline`}
      ></ctihub-customer>
      <ctihub-undo .decisions=${this.decisions} .shown=${this.decisions.last ?? this.decisions.trouble}></ctihub-undo>
    </article>`;
  }
}
