/** Several calls at once: one button each, the ringing one first. */
import "@ui5/webcomponents/dist/Icon.js";
import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { EachSecond } from "./clock";
import { customerName, customerNumber, headline, meant, readable } from "./customer";
import { duration } from "./format";
import type { CustomerContext, Pop } from "./frames";
import { stateIcon } from "./hero";
import { Localized, strings } from "./language";
import { base, shake } from "./styles";

@customElement("ctihub-call-tabs")
export class CallTabs extends LitElement {
  static override styles = [
    base,
    shake,
    css`
      nav {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      button {
        font: inherit;
        color: inherit;
        cursor: pointer;
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
        max-width: 100%;
        min-height: 2.75rem;
        padding: 0.4375rem 0.875rem;
        border-radius: 0.625rem;
        border: 1px solid var(--sapButton_BorderColor);
        background: var(--sapTile_Background);
      }
      button[data-state="ringing"] {
        flex: 1 1 16rem;
        font-weight: 700;
        font-size: 1rem;
        border-color: var(--sapButton_Emphasized_BorderColor);
        background: var(--sapButton_Emphasized_Background);
        color: var(--sapButton_Emphasized_TextColor);
      }
      button[aria-pressed="true"] {
        border-color: var(--sapSelectedColor);
        box-shadow: inset 0 -0.25rem 0 var(--sapSelectedColor);
      }
      button[data-state="ringing"][aria-pressed="true"] {
        box-shadow: inset 0 -0.25rem 0 var(--sapButton_Emphasized_TextColor);
      }
      .who {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        max-width: 24rem;
      }
      .what {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-weight: 400;
      }
      .number {
        margin-inline-start: auto;
      }
      ui5-icon {
        color: inherit;
        flex: none;
      }
      @media (max-width: 40rem) {
        button {
          flex: 1 1 100%;
        }
      }
    `,
  ];

  @property({ attribute: false }) pops: readonly Pop[] = [];
  @property({ attribute: false }) contexts: ReadonlyMap<string, CustomerContext> = new Map();
  @property({ attribute: false }) shown: string | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override render(): TemplateResult {
    const words = strings();
    const now = Date.now() + this.clockAhead;
    return html`<nav aria-label=${words.call.tabs}>
      ${this.pops.map(
        (pop) => html`<button
          data-testid="pop-tab"
          data-state=${pop.state}
          aria-pressed=${String(pop.call.id === this.shown)}
          @click=${() => this.dispatchEvent(new CustomEvent<string>("show", { detail: pop.call.id }))}
        >
          <ui5-icon class=${pop.state} name=${stateIcon(pop)} mode="Decorative"></ui5-icon>
          <span>${words.state[pop.state]}</span>
          <bdi class="who">${headline(pop.call, this.contexts.get(pop.call.id))}</bdi>
          <bdi class="what">${this.about(pop)}</bdi>
          <span class="number">${duration(now - Date.parse(pop.since))}</span>
        </button>`,
      )}
    </nav>`;
  }

  /** The company of whom is known; the number of others, where it is not their name already. */
  private about({ call }: Pop): string {
    const context = this.contexts.get(call.id);
    const only = meant(context);
    const number = readable(customerNumber(call));
    if (!only) return headline(call, context) === number ? "" : number;
    const organization = only.organization?.value ?? "";
    return organization === customerName(only) ? "" : organization;
  }
}
