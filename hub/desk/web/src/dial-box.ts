/** Call any number from here. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { Abilities } from "./abilities";
import { Commands } from "./commands";
import { controls } from "./controls";
import { dialable } from "./dialable";
import { Localized, strings } from "./language";
import { base } from "./styles";

@customElement("ctihub-dial-box")
export class DialBox extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        position: relative;
      }
      form {
        display: flex;
        gap: 0.25rem;
      }
      input {
        flex: 1;
        width: 9.5rem;
      }
      .below {
        position: absolute;
        z-index: 3;
        inset: calc(100% + 0.25rem) 0 auto auto;
        width: max-content;
        max-width: min(22rem, calc(100vw - 1.5rem));
      }
    `,
  ];

  @state() private number = "";
  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.commands.forget();
    });
    this.addEventListener("focusout", (event) => {
      if (!event.relatedTarget && this.commands.problem) this.commands.forget();
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.abilities.can("dial")) return nothing;
    const words = strings().control;
    const { problem } = this.commands;
    return html`<form @submit=${this.submit}>
        <input
          type="tel"
          autocomplete="off"
          maxlength="64"
          data-testid="dial-number"
          aria-label=${words.dialLabel}
          placeholder=${words.dialLabel}
          .value=${this.number}
          @input=${(event: InputEvent) => (this.number = (event.target as HTMLInputElement).value)}
        />
        <button
          type="submit"
          data-testid="dial"
          aria-label=${words.dial}
          title=${words.dial}
          ?disabled=${!dialable(this.number)}
          aria-disabled=${String(this.commands.pending !== undefined)}
          ><ui5-icon name="outgoing-call" mode="Decorative"></ui5-icon
        ></button>
      </form>
      ${problem ? html`<div class="below trouble" role="alert" data-testid="dial-trouble">${problem}</div>` : nothing}`;
  }

  private readonly submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const to = dialable(this.number);
    if (to && (await this.commands.give({ command: "dial", to }))) this.number = "";
  };
}
