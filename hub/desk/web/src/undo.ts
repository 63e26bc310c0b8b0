/** What was decided last of who is who, with the way back; lies over the page's lower edge and moves nothing. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/decline.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { controls } from "./controls";
import type { IdentityDecisions } from "./identity";
import { Localized, strings } from "./language";
import { base } from "./styles";

@customElement("ctihub-undo")
export class Undo extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        position: fixed;
        inset: auto 0 5rem;
        z-index: 2;
        display: grid;
        justify-items: center;
        pointer-events: none;
      }
      .strip {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        max-width: min(44rem, calc(100vw - 1.5rem));
        padding: 0.5rem 0.75rem 0.5rem 1rem;
        border-radius: 0.75rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        box-shadow: var(--sapContent_Shadow2);
        overflow-wrap: anywhere;
        pointer-events: auto;
      }
      .strip > span {
        min-width: 0;
      }
    `,
  ];

  @property({ attribute: false }) decisions!: IdentityDecisions;
  /** Changes with what there is to show. */
  @property({ attribute: false }) shown: unknown;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { last, trouble, pending } = this.decisions;
    if (!last && !trouble) return nothing;
    const words = strings();
    return html`<div class="strip" data-testid="decided">
      ${trouble
        ? html`<span class="trouble" role="alert" data-testid="decision-trouble">${trouble}</span>`
        : html`<span role="status"><bdi>${last?.text ?? ""}</bdi></span>`}
      ${last
        ? html`<button
            data-testid="undo"
            aria-disabled=${String(pending)}
            @click=${() => void this.decisions.takeBack(last.ids)}
            >${words.identity.undo}</button
          >`
        : nothing}
      <button
        data-testid="decided-close"
        aria-label=${words.control.close}
        title=${words.control.close}
        @click=${() => this.decisions.forget()}
        ><ui5-icon name="decline" mode="Decorative"></ui5-icon
      ></button>
    </div>`;
  }
}
