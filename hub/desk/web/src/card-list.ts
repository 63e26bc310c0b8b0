/** A card with a list: the first few entries, the rest at a click; a skeleton while they may still come. */
import "@ui5/webcomponents/dist/Button.js";
import { LitElement, html, nothing, type CSSResultGroup, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { hasFailures, isPending } from "./customer";
import type { BackendAnswer, Customer, CustomerContext } from "./frames";
import { Localized, strings } from "./language";
import type { Room } from "./room";
import { base, card, skeleton } from "./styles";

export abstract class CardList<Entry> extends LitElement {
  static override styles: CSSResultGroup = [base, card, skeleton];

  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** The customer whose list is shown whole, by a call or a page. */
  @state() private wholeFor: string | undefined;

  protected abstract readonly room: Room;
  /** One of a row that is as high as two entries: what opens the rest stands beside the heading. */
  protected readonly isLow: boolean = false;

  constructor() {
    super();
    new Localized(this);
  }

  protected abstract entries(): readonly Entry[];
  protected abstract row(entry: Entry): TemplateResult;
  protected abstract words(): { readonly title: string; readonly none: string; readonly noneSoFar?: string };

  /** The customer's field that the list is made of, as it is called where it is hidden. */
  protected readonly field: string = "";

  /** What else there is to say below the list. */
  protected footnote(): string {
    return "";
  }

  /** What stands at the end of the heading's line. */
  protected beside(): TemplateResult | typeof nothing {
    return nothing;
  }

  protected get now(): number {
    return Date.now() + this.clockAhead;
  }

  protected get answers(): readonly BackendAnswer[] {
    return this.context?.answers ?? [];
  }

  protected override render(): TemplateResult {
    const entries = this.entries();
    const whole = this.context !== undefined && this.wholeFor === this.context.call_id;
    const shown = whole ? entries : entries.slice(0, this.room.rows);
    const hidden = entries.length - shown.length;
    return html`<section class="card">
      <h3>
        ${this.words().title}${entries.length > 0 ? html`<span class="count">${entries.length}</span>` : nothing}${this.beside()}
        ${this.isLow ? this.more(hidden, whole) : nothing}
      </h3>
      <ul>
        ${shown.map((entry) => this.row(entry))}
      </ul>
      ${entries.length === 0 ? this.nothingThere() : nothing}
      <div class="foot">
        ${this.isLow ? nothing : this.more(hidden, whole)}
        ${this.footnote() ? html`<span class="quiet">${this.footnote()}</span>` : nothing}
      </div>
    </section>`;
  }

  private more(hidden: number, whole: boolean): TemplateResult | typeof nothing {
    const words = strings().orders;
    if (hidden === 0 && !whole) return nothing;
    return html`<ui5-button
      design="Transparent"
      data-testid="more"
      @click=${() => (this.wholeFor = whole ? undefined : this.context?.call_id)}
      >${whole ? words.less : words.more(hidden)}</ui5-button
    >`;
  }

  private nothingThere(): TemplateResult {
    // That there are none must not be said of what this role does not see.
    const hidden = this.customer?.hidden?.find(({ field }) => field === this.field);
    if (hidden) return html`<p class="empty" data-testid="hidden-here">${strings().hidden.here[hidden.reason]}</p>`;
    if (isPending(this.context)) {
      return html`<div data-testid="skeleton" aria-hidden="true">
        <span class="skeleton"></span><span class="skeleton short"></span>
      </div>`;
    }
    const { none, noneSoFar } = this.words();
    return html`<p class="empty">${noneSoFar && hasFailures(this.context) ? noneSoFar : none}</p>`;
  }
}
