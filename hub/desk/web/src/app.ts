/** The page as a whole: signed out it is the sign-in, signed in the desk. */
import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import * as api from "./api";
import "./desk";
import type { AgentProfile } from "./frames";
import { suggestLanguage } from "./language";

const RETRY_MS = 3_000;

@customElement("ctihub-app")
export class App extends LitElement {
  @state() private agent: AgentProfile | undefined;
  @state() private phase: "starting" | "signed_out" | "signed_in" = "starting";
  @state() private expired = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.resume();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult | typeof nothing {
    switch (this.phase) {
      case "starting":
        return nothing;
      case "signed_out":
        return html`<ctihub-sign-in
          .expired=${this.expired}
          @signed-in=${(event: CustomEvent<AgentProfile>) => this.enter(event.detail)}
        ></ctihub-sign-in>`;
      case "signed_in":
        return html`<ctihub-desk
          .profile=${this.agent}
          @session-over=${() => this.leave(true)}
          @sign-out=${() => void api.signOut().then(() => this.leave(false))}
        ></ctihub-desk>`;
    }
  }

  private async resume(): Promise<void> {
    const found = await api.session();
    if (found.kind === "signed_in") this.enter(found.agent);
    else this.leave(false);
    if (found.kind === "unreachable") setTimeout(() => this.retry(), RETRY_MS);
  }

  /** The hub was away when the page opened: somebody who is signed in need not sign in again. */
  private retry(): void {
    if (this.phase === "signed_out" && !this.expired) {
      void api.session().then((found) => {
        if (found.kind === "signed_in") this.enter(found.agent);
        else if (found.kind === "unreachable") setTimeout(() => this.retry(), RETRY_MS);
      });
    }
  }

  private enter(agent: AgentProfile): void {
    suggestLanguage(agent.language);
    this.agent = agent;
    this.phase = "signed_in";
  }

  private leave(expired: boolean): void {
    // After an update of the hub the file that this older page wants is gone; the new page has its own.
    import("./sign-in").catch(() => location.reload());
    this.expired = expired;
    this.agent = undefined;
    this.phase = "signed_out";
  }
}
