/** A number as text that calls when clicked; plain text where it is no number, or calling is not possible. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Abilities } from "./abilities";
import { Commands } from "./commands";
import { refusedByPhone } from "./customer";
import { telephoneNumber } from "./dialable";
import type { Customer } from "./frames";
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
      .warning {
        display: block;
        color: var(--sapCriticalTextColor);
        white-space: normal;
      }
      .trouble {
        display: block;
        color: var(--sapNegativeTextColor);
        white-space: normal;
      }
    `,
  ];

  @property({ attribute: false }) number = "";
  /** Whose number it is, if that is known: who does not want to be called is not called without a second thought. */
  @property({ attribute: false }) customer: Customer | undefined;
  @state() private isWarned = false;
  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("number") || (changed.has("customer") && this.refused.length === 0)) this.isWarned = false;
  }

  /** The purposes for which the customer does not want to be called. */
  private get refused(): readonly string[] {
    return refusedByPhone(this.customer, Date.now());
  }

  private dial(to: string): void {
    if (this.refused.length > 0 && !this.isWarned) this.isWarned = true;
    else void this.call(to);
  }

  private async call(to: string): Promise<void> {
    this.isWarned = false;
    await this.commands.give({ command: "dial", to });
  }

  private warning(to: string): TemplateResult {
    const words = strings().consents;
    const purposes = this.refused.map((purpose) => words.purpose(purpose)).join(", ");
    return html`<span class="warning" role="alert" data-testid="dial-warning"
      >${words.noCalls(purposes)}
      <button data-testid="dial-anyway" @click=${() => void this.call(to)}>${words.callAnyway}</button>
      <button data-testid="dial-not" @click=${() => (this.isWarned = false)}>${words.doNotCall}</button></span
    >`;
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
        @click=${() => this.dial(to)}
        >${this.number}</button
      >${this.isWarned ? this.warning(to) : nothing}${problem ? html`<span class="trouble" role="alert" data-testid="dial-trouble">${problem}</span>` : nothing}`;
  }
}
