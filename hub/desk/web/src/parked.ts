/** A reminder of a call that this page parked, and the way to take it back. */
import "@ui5/webcomponents-icons/dist/fob-watch.js";
import "@ui5/webcomponents/dist/Icon.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Abilities } from "./abilities";
import type { Parked } from "./call-bar";
import { Commands } from "./commands";
import { controls } from "./controls";
import { Localized, strings } from "./language";
import { base } from "./styles";

@customElement("ctihub-parked")
export class ParkedCall extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
        width: min(40rem, calc(100vw - 1.5rem));
        padding: 0.5rem 0.75rem;
        border-radius: 0.5rem;
        background: var(--sapInformationBackground);
        border: 1px solid var(--sapInformationBorderColor);
        box-shadow: var(--sapContent_Shadow2);
        pointer-events: auto;
      }
      .where {
        flex: 1;
        overflow-wrap: anywhere;
        font-weight: 600;
      }
    `,
  ];

  @property({ attribute: false }) parked!: Parked;
  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings().control;
    const { callId, place } = this.parked;
    const { problem } = this.commands;
    return html`<ui5-icon name="fob-watch" mode="Decorative"></ui5-icon>
      <span class="where" role="status" data-testid="parked">${words.parkedAt(place)}</span>
      ${this.abilities.can("pick_up")
        ? html`<button
            class="good"
            data-testid="pick-up"
            aria-disabled=${String(this.commands.pending !== undefined)}
            @click=${() => void this.commands.give({ command: "pick_up", call_id: callId })}
            >${words.pickUp}</button
          >`
        : nothing}
      <button data-testid="parked-close" @click=${() => this.dispatchEvent(new CustomEvent("gone"))}>${words.close}</button>
      ${problem ? html`<div class="trouble" role="alert">${problem}</div>` : nothing}`;
  }
}
