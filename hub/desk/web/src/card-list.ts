/** A card with a list: the first few entries, the rest at a click; a skeleton while they may still come. */
import "@ui5/webcomponents/dist/Button.js";
import { LitElement, html, nothing, type CSSResultGroup, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { hasFailures, isPending } from "./customer";
import type { Customer, CustomerContext } from "./frames";
import { Localized, strings } from "./language";
import type { RoomForRows } from "./room";
import { base, card, skeleton } from "./styles";

export abstract class CardList<Entry> extends LitElement {
  static override styles: CSSResultGroup = [base, card, skeleton];

  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** The call whose list is shown whole. */
  @state() private wholeFor: string | undefined;

  protected abstract readonly room: RoomForRows;

  constructor() {
    super();
    new Localized(this);
  }

  protected abstract entries(): readonly Entry[];
  protected abstract row(entry: Entry): TemplateResult;
  protected abstract words(): { readonly title: string; readonly none: string; readonly noneSoFar?: string };

  /** What else there is to say below the list. */
  protected footnote(): string {
    return "";
  }

  protected get now(): number {
    return Date.now() + this.clockAhead;
  }

  protected override render(): TemplateResult {
    const entries = this.entries();
    const whole = this.context !== undefined && this.wholeFor === this.context.call_id;
    const shown = whole ? entries : entries.slice(0, this.room.rows);
    const hidden = entries.length - shown.length;
    const more = strings().orders;
    return html`<section class="card">
      <h3>${this.words().title}${entries.length > 0 ? html`<span class="count">${entries.length}</span>` : nothing}</h3>
      <ul>
        ${shown.map((entry) => this.row(entry))}
      </ul>
      ${entries.length === 0 ? this.nothingThere() : nothing}
      ${hidden > 0 || whole
        ? html`<ui5-button
            design="Transparent"
            data-testid="more"
            @click=${() => (this.wholeFor = whole ? undefined : this.context?.call_id)}
            >${whole ? more.less : more.more(hidden)}</ui5-button
          >`
        : nothing}
      ${this.footnote() ? html`<p class="quiet">${this.footnote()}</p>` : nothing}
    </section>`;
  }

  private nothingThere(): TemplateResult {
    if (isPending(this.context)) {
      return html`<div data-testid="skeleton" aria-hidden="true">
        <span class="skeleton"></span><span class="skeleton short"></span>
      </div>`;
    }
    const { none, noneSoFar } = this.words();
    return html`<p class="empty">${noneSoFar && hasFailures(this.context) ? noneSoFar : none}</p>`;
  }
}
