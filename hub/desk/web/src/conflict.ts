/** A small mark at a value of which the systems say different things; opened it lists what each says, and of when. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { systemTitle } from "./customer";
import { moment } from "./format";
import type { BackendAnswer, Conflict, Customer } from "./frames";
import { Localized, strings } from "./language";
import "./popup";
import { base } from "./styles";

@customElement("ctihub-conflict")
export class ConflictMark extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
        vertical-align: middle;
        line-height: 1;
        margin-inline-start: 0.25rem;
      }
      .mark {
        display: inline-block;
        min-width: 0.875rem;
        line-height: 0.8125rem;
        border-radius: 0.4375rem;
        text-align: center;
        font-weight: 700;
        font-size: 0.6875rem;
        color: var(--sapCriticalTextColor);
        background: var(--sapWarningBackground);
        border: 1px solid var(--sapWarningBorderColor);
      }
    `,
  ];

  @property({ attribute: false }) conflict!: Conflict;
  /** The field, as the page calls it. */
  @property({ attribute: false }) name = "";
  @property({ attribute: false }) answers: readonly BackendAnswer[] = [];

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings().conflict;
    return html`<ctihub-popup data-testid="conflict" .label=${words.mark(this.name)} .content=${() => this.values()}
      ><span class="mark" aria-hidden="true">≠</span></ctihub-popup
    >`;
  }

  private values(): TemplateResult {
    const words = strings();
    return html`<h4>${words.conflict.mark(this.name)}</h4>
      <ul data-testid="conflict-values">
        ${this.conflict.values.map(
          ({ value, system, record, at }, index) => html`<li>
            <bdi class="what">${value}</bdi> ${index === 0 ? html`<span class="quiet">(${words.conflict.shown})</span>` : nothing}
            <div class="source">
              ${words.systems.from(systemTitle(system, this.answers), record)}${at ? `, ${words.systems.fetched(moment(at, Date.now()))}` : ""}
            </div>
          </li>`,
        )}
      </ul>`;
  }
}

/** The mark for a field (`language`, `name`, `orders.4711`, with whatever is below it), nothing where all agree. */
export function conflictMark(
  customer: Customer | undefined,
  field: string,
  name: string,
  answers: readonly BackendAnswer[],
): TemplateResult | typeof nothing {
  const found = customer?.conflicts?.filter((conflict) => conflict.field === field || conflict.field.startsWith(`${field}.`));
  if (!found || found.length === 0) return nothing;
  return html`${found.map(
    (conflict) => html`<ctihub-conflict .conflict=${conflict} .name=${name} .answers=${answers}></ctihub-conflict>`,
  )}`;
}
