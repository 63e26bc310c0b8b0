/** Several calls at once: one button each, the ringing one first. */
import "@ui5/webcomponents/dist/Icon.js";
import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { EachSecond } from "./clock";
import { headline } from "./customer";
import { duration } from "./format";
import type { CustomerContext, Pop } from "./frames";
import { stateIcon } from "./hero";
import { Localized, strings } from "./language";
import { base } from "./styles";

@customElement("ctihub-call-tabs")
export class CallTabs extends LitElement {
  static override styles = [
    base,
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
        padding: 0.4375rem 0.875rem;
        border-radius: 0.625rem;
        border: 1px solid var(--sapButton_BorderColor);
        background: var(--sapTile_Background);
      }
      button[aria-pressed="true"] {
        border-color: var(--sapSelectedColor);
        box-shadow: inset 0 -0.1875rem 0 var(--sapSelectedColor);
      }
      button[data-state="ringing"] {
        font-weight: 700;
      }
      .who {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        max-width: 14rem;
      }
      ui5-icon {
        color: inherit;
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
          <ui5-icon name=${stateIcon(pop)} mode="Decorative"></ui5-icon>
          <span>${words.state[pop.state]}</span>
          <span class="who">${headline(pop.call, this.contexts.get(pop.call.id))}</span>
          <span class="number quiet">${duration(now - Date.parse(pop.since))}</span>
        </button>`,
      )}
    </nav>`;
  }
}
