/** Who is signed in, whether the page is live, language, notifications, sign out. */
import "@ui5/webcomponents/dist/Button.js";
import "@ui5/webcomponents-icons/dist/bell.js";
import "@ui5/webcomponents-icons/dist/log.js";
import "./agent-state";
import "./callbacks";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Link } from "./connection";
import "./dial-box";
import type { AgentProfile, AgentStatus, Callback, QueueView } from "./frames";
import "./language-switch";
import { Localized, strings } from "./language";
import "./queue-strip";
import "./search";
import { base } from "./styles";

@customElement("ctihub-header")
export class Header extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        background: var(--sapShellColor);
        color: var(--sapShell_TextColor, var(--sapTextColor));
        box-shadow: var(--sapShell_Shadow);
        position: relative;
      }
      header {
        max-width: 128rem;
        margin: 0 auto;
        padding: 0.375rem 1.25rem;
        min-height: 3rem;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 0.875rem;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        font-weight: 600;
        font-size: 1rem;
        margin: 0;
      }
      ctihub-queues {
        flex: 1;
      }
      ctihub-agent-state {
        width: 19rem;
      }
      .agent {
        min-width: 0;
        max-width: 14rem;
        text-align: end;
        line-height: 1.2;
      }
      .icons {
        display: flex;
        align-items: center;
        gap: 0.25rem;
      }
      @media (max-width: 84rem) {
        .devices,
        .title {
          display: none;
        }
      }
      @media (max-width: 68rem) {
        .icons {
          margin-inline-start: auto;
        }
        ctihub-queues,
        ctihub-dial-box {
          order: 1;
        }
        ctihub-queues {
          flex: 1 1 20rem;
        }
      }
      .name {
        font-weight: 600;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .link {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        font-size: 0.75rem;
        padding: 0.125rem 0.625rem;
        border-radius: 1rem;
        border: 1px solid currentColor;
      }
      .link::before {
        content: "";
        width: 0.5rem;
        height: 0.5rem;
        border-radius: 50%;
        background: currentColor;
      }
      .link.live {
        color: var(--sapPositiveTextColor);
      }
      .link.connecting {
        color: var(--sapNeutralTextColor);
      }
      .link.lost {
        color: var(--sapNegativeTextColor);
      }
      .link.lost::before {
        background: none;
        border: 1.5px solid currentColor;
      }
      @media (max-width: 40rem) {
        header {
          padding: 0.375rem 0.75rem;
        }
        .brand-name,
        .agent {
          display: none;
        }
        ctihub-agent-state {
          order: 1;
          flex: 1 1 100%;
        }
        ctihub-dial-box,
        ctihub-queues {
          flex: 1 1 100%;
        }
        .link.live {
          font-size: 0;
          gap: 0;
          padding: 0.1875rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) agent: AgentProfile | undefined;
  @property({ attribute: false }) link: Link = "connecting";
  @property({ attribute: false }) status: AgentStatus | undefined;
  @property({ attribute: false }) reasons: readonly string[] = [];
  @property({ attribute: false }) queues: readonly QueueView[] = [];
  @property({ attribute: false }) callbacks: readonly Callback[] = [];
  @property({ type: Number, attribute: false }) clockAhead = 0;
  @property({ type: Boolean, attribute: false }) inCall = false;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings();
    const canJoin = (this.agent?.queues ?? []).length > 0;
    return html`<header>
      <h1 class="brand"
        ><img src="/favicon.svg" width="26" height="26" alt="" /><span class="brand-name">ctihub</span>
        <span class="title quiet">${words.product}</span></h1
      >
      <span class="link ${this.link}" role="status" title=${words.header[this.link]} data-testid="link" data-link=${this.link}>${words.header[this.link]}</span>
      <ctihub-queues .queues=${this.queues} .clockAhead=${this.clockAhead}></ctihub-queues>
      <ctihub-callbacks .waiting=${this.callbacks} .clockAhead=${this.clockAhead}></ctihub-callbacks>
      <ctihub-search .inCall=${this.inCall}></ctihub-search>
      <ctihub-dial-box></ctihub-dial-box>
      <div class="agent">
        <div class="name" data-testid="agent-name">${this.agent?.name ?? ""}</div>
        <div class="devices quiet">${this.agent ? words.header.device(this.agent.devices.join(", ")) : ""}</div>
      </div>
      <ctihub-agent-state
        ?hidden=${!this.status || (this.status.state === "logged_off" && !canJoin)}
        .status=${this.status}
        .reasons=${this.reasons}
        .canJoin=${canJoin}
        .clockAhead=${this.clockAhead}
      ></ctihub-agent-state>
      <div class="icons">
      ${this.notify()}
      <ctihub-language-switch></ctihub-language-switch>
      <ui5-button
        design="Transparent"
        icon="log"
        data-testid="sign-out"
        tooltip=${words.header.signOut}
        accessible-name=${words.header.signOut}
        @click=${() => this.dispatchEvent(new CustomEvent("sign-out", { bubbles: true, composed: true }))}
      ></ui5-button>
      </div>
    </header>`;
  }

  private notify(): TemplateResult | typeof nothing {
    if (!("Notification" in globalThis) || Notification.permission !== "default") return nothing;
    const words = strings().header;
    return html`<ui5-button
      design="Transparent"
      icon="bell"
      data-testid="notify"
      tooltip=${words.notify}
      accessible-name=${words.notify}
      @click=${() => void Notification.requestPermission().then(() => this.requestUpdate())}
    ></ui5-button>`;
  }
}
