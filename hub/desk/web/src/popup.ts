/** A button with more behind it: opens over the page, beside the button, and pushes nothing away. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { controls } from "./controls";
import { base } from "./styles";

const GAP_PX = 4;

@customElement("ctihub-popup")
export class Popup extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-block;
        min-width: 0;
        font-size: inherit;
        color: inherit;
      }
      .trigger {
        all: unset;
        display: flex;
        align-items: center;
        min-width: 0;
        width: 100%;
        box-sizing: border-box;
        cursor: pointer;
      }
      .trigger:focus-visible {
        outline: 2px solid var(--popup-focus, var(--sapContent_FocusColor));
        outline-offset: var(--popup-focus-offset, 2px);
      }
      .popup {
        position: fixed;
        inset: auto;
        margin: 0;
        width: max-content;
        max-width: min(30rem, calc(100vw - 1.5rem));
        max-height: min(30rem, calc(100vh - 2rem));
        overflow: auto;
        padding: 0.75rem 1rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        border-radius: 0.75rem;
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
        box-shadow: var(--sapContent_Shadow2);
        overflow-wrap: anywhere;
        white-space: normal;
        font-weight: 400;
        font-size: 0.875rem;
        text-align: start;
      }
      h4 {
        margin: 0 0 0.375rem;
        font-size: 0.875rem;
      }
      li + li {
        margin-top: 0.5rem;
      }
      .stop {
        color: var(--sapNegativeTextColor);
      }
      .attention {
        color: var(--sapCriticalTextColor);
      }
      .offer {
        color: var(--sapInformativeTextColor);
      }
      .what {
        font-weight: 600;
      }
      .both {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 0.75rem;
      }
      .both > :first-child {
        flex: 1 1 12rem;
        min-width: 0;
      }
      .both button {
        min-height: 1.875rem;
      }
      ol {
        margin: 0.25rem 0 0;
        padding-inline-start: 1.25rem;
      }
    `,
  ];

  /** What the button opens, for a screen reader and at hover. */
  @property({ attribute: false }) label = "";
  /** For a button whose own text says less than `label`. */
  @property({ attribute: false }) hint = "";
  /** Rendered while it is open. */
  @property({ attribute: false }) content: () => TemplateResult = () => html``;
  @state() private isOpen = false;
  /** Whether it was open when the pointer went down, for that alone may close it. */
  private wasShown = false;
  @query(".trigger") private readonly trigger!: HTMLElement;
  @query(".popup") private readonly popup!: HTMLElement;

  protected override render(): TemplateResult {
    return html`<button
        class="trigger"
        type="button"
        title=${this.hint || this.label}
        aria-haspopup="dialog"
        aria-expanded=${String(this.isOpen)}
        aria-label=${this.label || nothing}
        @pointerdown=${() => (this.wasShown = this.isShown)}
        @click=${this.clicked}
        ><slot></slot
      ></button>
      <div class="popup" popover role="dialog" aria-label=${this.label || this.hint} @toggle=${this.toggled}
        >${this.isOpen ? this.content() : nothing}</div
      >`;
  }

  private get isShown(): boolean {
    return this.popup.matches(":popover-open");
  }

  private readonly clicked = async (event: MouseEvent): Promise<void> => {
    const byKeyboard = event.detail === 0;
    if (byKeyboard ? this.isShown : this.wasShown) {
      if (this.isShown) this.popup.hidePopover();
      return;
    }
    this.isOpen = true;
    await this.updateComplete;
    this.popup.showPopover();
    this.place();
  };

  private readonly toggled = (event: ToggleEvent): void => {
    this.isOpen = event.newState === "open";
  };

  /** Below the button where there is room, else above it; within the window in any case. */
  private place(): void {
    const at = this.trigger.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.popup;
    const below = at.bottom + GAP_PX;
    const top = below + height <= innerHeight ? below : Math.max(GAP_PX, at.top - GAP_PX - height);
    this.popup.style.top = `${top}px`;
    this.popup.style.left = `${Math.max(GAP_PX, Math.min(at.left, innerWidth - width - GAP_PX))}px`;
  }
}
