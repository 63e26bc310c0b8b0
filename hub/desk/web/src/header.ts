/** Who is signed in, whether the page is live, language, notifications, sign out. */
import "@ui5/webcomponents/dist/Button.js";
import "@ui5/webcomponents-icons/dist/bell.js";
import "@ui5/webcomponents-icons/dist/log.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Link } from "./connection";
import type { AgentProfile } from "./frames";
import "./language-switch";
import { Localized, strings } from "./language";
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
      .agent {
        flex: 1;
        min-width: 0;
        text-align: end;
        line-height: 1.2;
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
        .devices,
        .title {
          display: none;
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

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings();
    return html`<header>
      <h1 class="brand"
        ><img src="/favicon.svg" width="26" height="26" alt="" />ctihub
        <span class="title quiet">${words.product}</span></h1
      >
      <span class="link ${this.link}" role="status" title=${words.header[this.link]} data-testid="link" data-link=${this.link}>${words.header[this.link]}</span>
      <div class="agent">
        <div class="name" data-testid="agent-name">${this.agent?.name ?? ""}</div>
        <div class="devices quiet">${this.agent ? words.header.device(this.agent.devices.join(", ")) : ""}</div>
      </div>
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
