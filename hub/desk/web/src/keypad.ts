/** Digits for the machine at the other end, clicked or typed. They are sent in the order in which they were pressed. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Commands } from "./commands";
import { controls } from "./controls";
import { Localized, strings } from "./language";
import { base } from "./styles";

const KEYS = [..."123456789*0#"];
const SHOWN = 24;

@customElement("ctihub-keypad")
export class Keypad extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .keys {
        display: grid;
        grid-template-columns: repeat(3, 3.25rem);
        gap: 0.375rem;
      }
      .keys button {
        min-height: 2.5rem;
        font-size: 1.125rem;
        padding: 0;
      }
      .sent {
        min-height: 1.75rem;
        font-size: 1.25rem;
        font-weight: 600;
        letter-spacing: 0.1em;
      }
    `,
  ];

  @property({ attribute: false }) callId = "";
  @state() private sent = "";
  @query("button") private readonly first!: HTMLButtonElement;
  private waiting = "";
  private readonly commands = new Commands(this);

  constructor() {
    super();
    new Localized(this);
    this.addEventListener("keydown", (event) => {
      if (KEYS.includes(event.key)) this.press(event.key);
    });
  }

  protected override firstUpdated(): void {
    this.first.focus();
  }

  protected override render(): TemplateResult {
    const words = strings().control;
    const { problem } = this.commands;
    return html`<div class="sent number" role="status" aria-label=${words.digits} data-testid="digits-sent">${this.sent}</div>
      <div class="keys">
        ${KEYS.map(
          (key) => html`<button data-testid="key-${key}" aria-label=${words.sendDigit(key)} @click=${() => this.press(key)}
            >${key}</button
          >`,
        )}
      </div>
      ${problem ? html`<p class="trouble" role="alert" data-testid="keypad-trouble">${problem}</p>` : nothing}`;
  }

  private press(key: string): void {
    this.waiting += key;
    if (!this.commands.pending) void this.send();
  }

  /** What was pressed while the hub was busy with the digits before goes out together. */
  private async send(): Promise<void> {
    while (this.waiting) {
      const digits = this.waiting.slice(0, 32);
      this.waiting = this.waiting.slice(digits.length);
      if (!(await this.commands.give({ command: "send_digits", call_id: this.callId, digits }))) {
        this.waiting = "";
        return;
      }
      this.sent = (this.sent + digits).slice(-SHOWN);
    }
  }
}
