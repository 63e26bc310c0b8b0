/** The agent's own state, as the hub says it, and what to change it to. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Abilities } from "./abilities";
import { EachSecond } from "./clock";
import { Commands, type Wish } from "./commands";
import { controls } from "./controls";
import { duration } from "./format";
import type { AgentStatus } from "./frames";
import { Localized, strings } from "./language";
import { base } from "./styles";

interface Choice {
  readonly key: string;
  readonly text: string;
  readonly wish: Wish;
  readonly dot: string;
}

@customElement("ctihub-agent-state")
export class AgentStateSwitch extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        position: relative;
        min-width: 0;
      }
      .control {
        display: flex;
        gap: 0.375rem;
      }
      .switch {
        flex: 1;
        min-width: 0;
        justify-content: start;
      }
      .what {
        flex: 1;
        min-width: 0;
        text-align: start;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .below {
        position: absolute;
        z-index: 3;
        inset: calc(100% + 0.25rem) 0 auto auto;
        min-width: 100%;
        width: max-content;
        max-width: min(22rem, calc(100vw - 1.5rem));
      }
      .menu {
        display: grid;
        gap: 0.125rem;
        padding: 0.375rem;
        border-radius: 0.625rem;
        background: var(--sapGroup_ContentBackground);
        border: 1px solid var(--sapGroup_ContentBorderColor);
        box-shadow: var(--sapContent_Shadow2);
      }
      .menu button {
        justify-content: start;
        border-color: transparent;
        background: none;
        font-weight: 400;
        white-space: normal;
        text-align: start;
        overflow-wrap: anywhere;
      }
      .menu button:hover {
        background: var(--sapButton_Hover_Background);
      }
      .menu button[aria-current] {
        font-weight: 700;
      }
    `,
  ];

  @property({ attribute: false }) status: AgentStatus | undefined;
  @property({ attribute: false }) reasons: readonly string[] = [];
  @property({ type: Boolean, attribute: false }) canJoin = false;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  @state() private open = false;
  @query(".switch") private readonly button!: HTMLButtonElement;

  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && (this.open || this.commands.problem)) this.shut(true);
    });
    this.addEventListener("focusout", (event) => {
      if (!event.relatedTarget || !this.contains(event.relatedTarget as Node)) this.shut(false);
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { status } = this;
    if (!status) return nothing;
    const words = strings().agent;
    const choices = this.choices(status);
    const name = words.state[status.state];
    const text = status.reason ? words.because(name, status.reason) : name;
    const working = status.state === "after_call_work" && this.abilities.can("ready");
    return html`<div class="control">
        <button
          class="switch"
          data-testid="agent-state"
          data-state=${status.state}
          aria-expanded=${String(this.open)}
          aria-label="${words.label}: ${text}. ${words.change}"
          ?disabled=${choices.length === 0}
          aria-busy=${String(this.commands.pending !== undefined)}
          @click=${() => (this.open = !this.open)}
        >
          <span class="dot ${status.state}"></span>
          <bdi class="what" title=${text}>${text}</bdi>
          <span class="number" data-testid="agent-state-time">${this.time(status)}</span>
          <span aria-hidden="true">▾</span>
        </button>
        ${working
          ? html`<button
              class="good"
              data-testid="finish-work"
              aria-disabled=${String(this.commands.pending !== undefined)}
              @click=${() => void this.choose({ command: "ready" })}
              >${words.finish}</button
            >`
          : nothing}
      </div>
      ${this.below(choices, status)}`;
  }

  private below(choices: readonly Choice[], status: AgentStatus): TemplateResult | typeof nothing {
    const { problem } = this.commands;
    if (problem) return html`<div class="below trouble" role="alert" data-testid="agent-state-trouble">${problem}</div>`;
    if (!this.open) return nothing;
    return html`<div class="below menu" role="group" aria-label=${strings().agent.change} data-testid="agent-state-menu">
      ${choices.map(
        ({ key, text, wish, dot }) => html`<button
          data-testid="choice-${key}"
          aria-current=${dot === status.state && (wish.command !== "not_ready" || wish.reason === (status.reason ?? ""))
            ? "true"
            : nothing}
          @click=${() => void this.choose(wish)}
        >
          <span class="dot ${dot}"></span><bdi>${text}</bdi>
        </button>`,
      )}
    </div>`;
  }

  private choices(status: AgentStatus): readonly Choice[] {
    const words = strings().agent;
    const { abilities } = this;
    const choices: Choice[] = [];
    const isMember = status.state !== "logged_off" && (status.queues ?? []).length > 0;
    if (isMember && abilities.can("ready")) {
      choices.push({ key: "ready", text: words.ready, wish: { command: "ready" }, dot: "ready" });
    }
    if (isMember && abilities.can("not_ready")) {
      const reasons = this.reasons.length > 0 ? this.reasons : [""];
      for (const [number, reason] of reasons.entries()) {
        const text = reason ? words.because(words.notReady, reason) : words.notReady;
        choices.push({ key: `not-ready-${number}`, text, wish: { command: "not_ready", reason }, dot: "not_ready" });
      }
    }
    if (isMember && abilities.can("after_call_work") && status.state !== "after_call_work") {
      const wish = { command: "after_call_work" } as const;
      choices.push({ key: "after-call-work", text: words.afterCallWork, wish, dot: "after_call_work" });
    }
    if (this.canJoin && !isMember && abilities.can("log_on")) {
      choices.push({ key: "log-on", text: words.logOn, wish: { command: "log_on" }, dot: "ready" });
    }
    if (isMember && abilities.can("log_off")) {
      choices.push({ key: "log-off", text: words.logOff, wish: { command: "log_off" }, dot: "logged_off" });
    }
    return choices;
  }

  /** How long it lasts already, or how much of the after-call work is left. */
  private time(status: AgentStatus): string {
    const now = Date.now() + this.clockAhead;
    if (status.state !== "after_call_work" || !status.until) return duration(now - Date.parse(status.since));
    return strings().agent.left(duration(Date.parse(status.until) - now + 999));
  }

  private async choose(wish: Wish): Promise<void> {
    this.open = false;
    this.button.focus();
    await this.commands.give(wish);
  }

  private shut(withFocus: boolean): void {
    this.open = false;
    if (this.commands.problem) this.commands.forget();
    if (withFocus) this.button.focus();
  }
}
