/** Sign-in: user name, password, language. */
import "@ui5/webcomponents/dist/Button.js";
import "@ui5/webcomponents/dist/Input.js";
import type Input from "@ui5/webcomponents/dist/Input.js";
import "@ui5/webcomponents/dist/Label.js";
import "@ui5/webcomponents/dist/MessageStrip.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { signIn, type SignInResult } from "./api";
import type { AgentProfile } from "./frames";
import { Localized, strings } from "./language";
import "./language-switch";
import { base } from "./styles";

type Trouble = Exclude<SignInResult, { kind: "signed_in" }> | { readonly kind: "empty" };

@customElement("ctihub-sign-in")
export class SignIn extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        min-height: 100vh;
        display: grid;
        place-items: center;
        padding: 1rem;
        background: var(--sapBackgroundColor);
      }
      form {
        width: min(24rem, 100%);
        background: var(--sapTile_Background);
        border: 1px solid var(--sapGroup_ContentBorderColor);
        border-radius: 1rem;
        box-shadow: var(--sapContent_Shadow1);
        padding: 2rem;
        display: grid;
        gap: 1.25rem;
      }
      header {
        display: flex;
        justify-content: space-between;
        align-items: center;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        font-size: 1rem;
        font-weight: 600;
      }
      h1 {
        font-size: 1.5rem;
        margin: 0.25rem 0 0;
        font-weight: 700;
        color: var(--sapTitleColor);
      }
      .said:empty {
        margin-top: -1.25rem;
      }
      .field {
        display: grid;
        gap: 0.25rem;
      }
      ui5-input,
      ui5-button {
        width: 100%;
      }
    `,
  ];

  @property({ type: Boolean }) expired = false;
  @state() private trouble: Trouble | undefined;
  @state() private busy = false;
  @query("#user") private user!: Input;
  @query("#password") private password!: Input;

  constructor() {
    super();
    new Localized(this);
  }

  protected override firstUpdated(): void {
    document.title = strings().signIn.title;
    void this.user.focus();
  }

  protected override render(): TemplateResult {
    const words = strings().signIn;
    return html`
      <form
        data-testid="sign-in"
        @submit=${(event: Event) => event.preventDefault()}
      >
        <header>
          <span class="brand"><img src="/favicon.svg" width="28" height="28" alt="" />ctihub</span>
          <ctihub-language-switch></ctihub-language-switch>
        </header>
        <h1>${words.title}</h1>
        <div class="said" aria-live="assertive">${this.message()}</div>
        <div class="field" @keydown=${this.submitOnEnter}>
          <ui5-label for="user">${words.user}</ui5-label>
          <ui5-input id="user" name="username" data-testid="user" maxlength="100" accessible-name=${words.user}></ui5-input>
        </div>
        <div class="field" @keydown=${this.submitOnEnter}>
          <ui5-label for="password">${words.password}</ui5-label>
          <ui5-input
            id="password"
            type="Password"
            data-testid="password"
            maxlength="1000"
            accessible-name=${words.password}
          ></ui5-input>
        </div>
        <ui5-button data-testid="submit" design="Emphasized" ?disabled=${this.busy} @click=${() => void this.submit()}>
          ${this.busy ? words.submitting : words.submit}
        </ui5-button>
      </form>
    `;
  }

  private message(): TemplateResult | typeof nothing {
    const words = strings().signIn;
    if (this.trouble) {
      return html`<ui5-message-strip data-testid="sign-in-error" design="Negative" hide-close-button
        >${this.sentence(this.trouble)}</ui5-message-strip
      >`;
    }
    return this.expired
      ? html`<ui5-message-strip data-testid="session-over" design="Information" hide-close-button
          >${words.expired}</ui5-message-strip
        >`
      : nothing;
  }

  private sentence(trouble: Trouble): string {
    const words = strings().signIn;
    switch (trouble.kind) {
      case "empty":
        return words.empty;
      case "wrong":
        return words.wrong;
      case "too_many":
        return words.tooMany(trouble.seconds);
      case "unreachable":
        return words.unreachable;
      case "failed":
        return words.failed(trouble.status);
    }
  }

  private submitOnEnter(event: KeyboardEvent): void {
    if (event.key === "Enter") void this.submit();
  }

  private async submit(): Promise<void> {
    if (this.busy) return;
    const user = this.user.value.trim();
    if (!user || !this.password.value) {
      this.trouble = { kind: "empty" };
      return;
    }
    this.busy = true;
    const result = await signIn(user, this.password.value);
    this.busy = false;
    if (result.kind === "signed_in") {
      this.dispatchEvent(new CustomEvent<AgentProfile>("signed-in", { detail: result.agent }));
      return;
    }
    this.trouble = result;
    this.password.value = "";
    void this.password.focus();
  }
}
