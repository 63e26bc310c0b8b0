/** A number as text that calls when clicked; plain text where it is no number, or calling is not possible. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Abilities } from "./abilities";
import { Commands } from "./commands";
import { telephoneNumber } from "./dialable";
import { Localized, strings } from "./language";
import { base } from "./styles";

@customElement("ctihub-number")
export class DialNumber extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline;
        font-size: inherit;
        color: inherit;
      }
      button {
        font: inherit;
        color: var(--number-color, var(--sapLinkColor));
        text-align: start;
        border: 0;
        padding: 0;
        background: none;
        cursor: pointer;
        overflow-wrap: anywhere;
      }
      button:hover {
        text-decoration: underline;
      }
      .trouble {
        display: block;
        color: var(--sapNegativeTextColor);
        white-space: normal;
      }
    `,
  ];

  @property({ attribute: false }) number = "";
  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const to = telephoneNumber(this.number);
    if (!to || !this.abilities.can("dial")) return html`${this.number}`;
    const { problem } = this.commands;
    return html`<button
        data-testid="click-to-dial"
        aria-label=${strings().control.dialNumber(this.number)}
        title=${strings().control.dialNumber(this.number)}
        aria-disabled=${String(this.commands.pending !== undefined)}
        @click=${() => void this.commands.give({ command: "dial", to })}
        >${this.number}</button
      >${problem ? html`<span class="trouble" role="alert" data-testid="dial-trouble">${problem}</span>` : nothing}`;
  }
}
