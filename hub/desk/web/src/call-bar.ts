/** What to do with a call: the buttons that make sense now, and what they open. Its height is the same in every state. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/accept.js";
import "@ui5/webcomponents-icons/dist/add-employee.js";
import "@ui5/webcomponents-icons/dist/decline.js";
import "@ui5/webcomponents-icons/dist/forward.js";
import "@ui5/webcomponents-icons/dist/grid.js";
import "@ui5/webcomponents-icons/dist/group.js";
import "@ui5/webcomponents-icons/dist/media-pause.js";
import "@ui5/webcomponents-icons/dist/media-play.js";
import "@ui5/webcomponents-icons/dist/microphone.js";
import "@ui5/webcomponents-icons/dist/pause.js";
import "@ui5/webcomponents-icons/dist/record.js";
import "@ui5/webcomponents-icons/dist/sound-off.js";
import "@ui5/webcomponents-icons/dist/stop.js";
import "@ui5/webcomponents-icons/dist/fob-watch.js";
import "@ui5/webcomponents-icons/dist/undo.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { Abilities } from "./abilities";
import "./call-facts";
import { Commands, type Wish } from "./commands";
import { controls } from "./controls";
import { doings, type Doing, type Panel } from "./doing";
import type { Pop, TeamMember } from "./frames";
import "./keypad";
import { Localized, strings } from "./language";
import { base } from "./styles";
import "./transfer-panel";

/** A call that was parked, and where. */
export interface Parked {
  readonly callId: string;
  readonly place: string;
}

@customElement("ctihub-call-bar")
export class CallBar extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      /* The facts have their own place: they stay where they are when other buttons come. */
      .bar {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 31rem);
        align-items: center;
        gap: 0.75rem;
        min-height: 2.375rem;
      }
      .doings {
        display: flex;
        gap: 0.375rem;
        min-width: 0;
      }
      .doings button {
        min-height: 2.375rem;
      }
      .doings .bad:not(:first-child) {
        margin-inline-start: 0.5rem;
      }
      /* It takes the focus only where a button with it has gone: no place to stop at. */
      .doings:focus {
        outline: none;
      }
      .ringing button {
        min-width: 8.5rem;
      }
      .panel {
        margin-top: 0.5rem;
        padding: 0.75rem;
        border-radius: 0.75rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
      }
      .trouble {
        margin-top: 0.5rem;
        display: flex;
        justify-content: space-between;
        align-items: center;
        gap: 0.5rem;
      }
      .trouble button {
        min-height: 1.75rem;
      }
      @media (max-width: 72rem) {
        .bar {
          grid-template-columns: minmax(0, 1fr);
          gap: 0.5rem;
          min-height: 4.625rem;
        }
      }
      /* Two rows of small keys with a word below the icon, as a phone has them. */
      @media (max-width: 40rem) {
        .bar {
          min-height: 9.25rem;
        }
        .doings {
          display: grid;
          grid-template-columns: repeat(4, minmax(0, 1fr));
          align-content: start;
          height: 7rem;
        }
        .doings button {
          flex-direction: column;
          gap: 0.125rem;
          min-width: 0;
          min-height: 3.25rem;
          padding: 0 0.125rem;
          font-size: 0.75rem;
          white-space: normal;
          line-height: 1.1;
        }
        .doings button span {
          max-width: 100%;
          overflow: hidden;
          text-overflow: ellipsis;
        }
        .doings .bad:not(:first-child) {
          margin: 0;
        }
        .doings.ringing {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
        .doings.ringing button {
          font-size: 0.9375rem;
          min-height: 7rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) pop!: Pop;
  @property({ attribute: false }) pops: readonly Pop[] = [];
  @property({ attribute: false }) agent = "";
  @property({ attribute: false }) team: ReadonlyMap<string, TeamMember> = new Map();
  @property({ type: Boolean, attribute: false }) past = false;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** Called when the hub has said where; by then the call, and this bar with it, may be gone from the page. */
  @property({ attribute: false }) onParked: (parked: Parked) => void = () => undefined;
  @state() private panel: Panel | undefined;
  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("pop");
    if (before && before.call.id !== this.pop.call.id) {
      this.panel = undefined;
      this.commands.forget();
    }
    if (this.panel && !this.offered().some(({ panel }) => panel === this.panel)) this.panel = undefined;
  }

  protected override render(): TemplateResult {
    const { pop } = this;
    const { problem } = this.commands;
    const words = strings().control;
    return html`<div class="bar">
        <div class="doings ${pop.state}" role="group" tabindex="-1" aria-label=${words.bar} data-testid="call-bar">
          ${repeat(this.offered(), ({ key }) => key, (doing) => this.button(doing))}
        </div>
        <ctihub-call-facts .past=${this.past} .pop=${pop} .agent=${this.agent} .team=${this.team}></ctihub-call-facts>
      </div>
      ${problem
        ? html`<div class="trouble" role="alert" data-testid="call-trouble">
            <span>${problem}</span><button @click=${() => this.commands.forget()}>${words.close}</button>
          </div>`
        : nothing}
      ${this.opened()}`;
  }

  private offered(): readonly Doing[] {
    if (this.past) return [];
    return doings(this.pop, this.pops, this.agent).filter(({ needs }) => this.abilities.can(needs));
  }

  protected override update(changed: PropertyValues<this>): void {
    const before = (this.renderRoot as ShadowRoot | undefined)?.activeElement;
    super.update(changed);
    if (before?.isConnected === false) this.refocus(before as HTMLElement);
  }

  /** The focus goes on to what took the button's place, or stays at the bar: it is not lost to the page's begin. */
  private refocus(gone: HTMLElement): void {
    const { slot } = gone.dataset;
    const next = slot && this.renderRoot.querySelector<HTMLElement>(`[data-slot="${slot}"]`);
    (next || this.renderRoot.querySelector<HTMLElement>(".doings"))?.focus();
  }

  private button({ key, slot, text, icon, look, wish, panel }: Doing): TemplateResult {
    return html`<button
      class=${look ?? ""}
      data-testid="do-${key}"
      data-panel=${panel ?? nothing}
      data-slot=${slot ?? nothing}
      title=${text}
      aria-expanded=${panel ? String(this.panel === panel) : nothing}
      aria-disabled=${String(this.commands.pending !== undefined)}
      @click=${() => (wish ? void this.give(wish) : this.toggle(panel))}
    >
      <ui5-icon name=${icon} mode="Decorative"></ui5-icon><span>${text}</span>
    </button>`;
  }

  private opened(): TemplateResult | typeof nothing {
    const { id } = this.pop.call;
    switch (this.panel) {
      case undefined:
        return nothing;
      case "keypad":
        return html`<div class="panel" data-testid="keypad"><ctihub-keypad .callId=${id}></ctihub-keypad></div>`;
      case "transfer":
      case "add":
        return html`<div class="panel" data-testid=${this.panel}>
          <ctihub-transfer
            .adds=${this.panel === "add"}
            .callId=${id}
            .agent=${this.agent}
            .team=${this.team}
            .waits=${this.commands.pending !== undefined}
            .clockAhead=${this.clockAhead}
            @wish=${(event: CustomEvent<Wish>) => void this.give(event.detail)}
          ></ctihub-transfer>
        </div>`;
    }
  }

  private toggle(panel: Panel | undefined): void {
    this.panel = this.panel === panel ? undefined : panel;
  }

  private close(): void {
    if (this.commands.problem) this.commands.forget();
    if (!this.panel) return;
    const opener = this.renderRoot.querySelector<HTMLElement>(`[data-panel="${this.panel}"]`);
    this.panel = undefined;
    opener?.focus();
  }

  private async give(wish: Wish): Promise<void> {
    const callId = this.pop.call.id;
    const result = await this.commands.give(wish);
    if (!result) return;
    this.panel = undefined;
    if (wish.command === "park" && result.value) {
      this.onParked({ callId, place: result.value });
    }
  }
}
