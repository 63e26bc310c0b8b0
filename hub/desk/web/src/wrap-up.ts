/** What the agent says of a call: note, result, a new case; and what each backend made of it. */
import "@ui5/webcomponents-icons/dist/edit.js";
import "@ui5/webcomponents/dist/Icon.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { wrapUp, type SaveResult } from "./api";
import { controls } from "./controls";
import { customerName } from "./customer";
import { draftOf, forget, isBegun, keep, type Draft } from "./drafts";
import type { Customer, Saved, WriteKind } from "./frames";
import { Localized, strings } from "./language";
import { newId } from "./new-id";
import { base } from "./styles";

@customElement("ctihub-wrap-up")
export class WrapUpCard extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        justify-items: end;
        width: min(40rem, calc(100vw - 1.5rem));
      }
      button {
        pointer-events: auto;
      }
      .open {
        box-shadow: var(--sapContent_Shadow1);
      }
      form {
        width: 100%;
        display: grid;
        gap: 0.5rem;
        padding: 0.75rem;
        border-radius: 0.75rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        box-shadow: var(--sapContent_Shadow2);
        pointer-events: auto;
      }
      h3 {
        font-size: 1rem;
        overflow-wrap: anywhere;
      }
      textarea,
      select {
        font: inherit;
        color: var(--sapField_TextColor);
        background: var(--sapField_Background);
        border: 1px solid var(--sapField_BorderColor);
        border-radius: 0.5rem;
        padding: 0.375rem 0.625rem;
        min-height: 2.25rem;
      }
      textarea {
        min-height: 5rem;
        resize: vertical;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
      }
      .row input {
        flex: 1 1 12rem;
      }
      .row .last {
        margin-inline-start: auto;
      }
      li {
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) callId = "";
  /** Whom the call was with, as the page names them. */
  @property({ attribute: false }) who = "";
  @property({ attribute: false }) customers: readonly Customer[] = [];
  @property({ attribute: false }) dispositions: readonly string[] = [];
  @property({ attribute: false }) writes: readonly WriteKind[] = [];
  /** Shown open: the call is over, and there is something to be said or saved. */
  @property({ type: Boolean, attribute: false }) over = false;
  @state() private isOpen = false;
  @state() private draft: Draft = draftOf("");
  @state() private saving = false;
  @state() private answer: SaveResult | undefined;

  constructor() {
    super();
    new Localized(this);
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.isOpen = false;
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("callId")) {
      this.draft = draftOf(this.callId);
      this.answer = undefined;
      this.isOpen = this.over;
    }
    if (changed.has("over") && this.over) this.isOpen = true;
  }

  protected override render(): TemplateResult {
    const words = strings().wrapUp;
    if (!this.isOpen) {
      return html`<button class="open" data-testid="note-open" aria-expanded="false" @click=${() => this.open()}>
        <ui5-icon name="edit" mode="Decorative"></ui5-icon><span>${words.open}</span>
      </button>`;
    }
    return html`<form data-testid="wrap-up" aria-label=${words.open} @submit=${(event: Event) => void this.save(event)}>
      <h3><bdi>${words.about(this.who)}</bdi></h3>
      ${this.customers.length > 1 ? this.whichCustomer() : nothing}
      <textarea
        maxlength="8000"
        data-testid="note"
        aria-label=${words.note}
        placeholder=${words.note}
        .value=${this.draft.note}
        @input=${(event: InputEvent) => this.change({ note: (event.target as HTMLTextAreaElement).value })}
      ></textarea>
      ${this.writes.includes("case")
        ? html`<div class="row">
            <input
              maxlength="200"
              data-testid="new-case"
              aria-label=${words.newCase}
              placeholder=${words.newCase}
              .value=${this.draft.newCase}
              @input=${(event: InputEvent) => this.change({ newCase: (event.target as HTMLInputElement).value })}
            />
          </div>`
        : nothing}
      <div class="row">
        <select
          data-testid="disposition"
          aria-label=${words.disposition}
          @change=${(event: Event) => this.change({ disposition: (event.target as HTMLSelectElement).value })}
        >
          <option value="" ?selected=${this.draft.disposition === ""}>${words.disposition}</option>
          ${this.dispositions.map(
            (one) => html`<option value=${one} ?selected=${this.draft.disposition === one}>${one}</option>`,
          )}
        </select>
        <button type="button" class="last" data-testid="note-close" @click=${() => this.close()}>${words.close}</button>
        <button class="good" data-testid="note-save" aria-disabled=${String(!this.canSave)}>
          ${this.saving ? words.saving : words.save}
        </button>
      </div>
      ${this.outcome()}
    </form>`;
  }

  private whichCustomer(): TemplateResult {
    const words = strings().wrapUp;
    const chosen = JSON.stringify(this.draft.customer);
    return html`<select
      data-testid="note-customer"
      aria-label=${words.whichCustomer}
      @change=${(event: Event) =>
        this.change({ customer: JSON.parse((event.target as HTMLSelectElement).value) as Draft["customer"] })}
    >
      <option value="{}" ?selected=${chosen === "{}"}>${words.whichCustomer}</option>
      ${this.customers.map((customer) => {
        const [first] = Object.entries(customer.ids);
        const value = JSON.stringify(first ? Object.fromEntries([first]) : {});
        return html`<option value=${value} ?selected=${chosen === value}>${customerName(customer)}</option>`;
      })}
    </select>`;
  }

  private get canSave(): boolean {
    const isToldWho = this.customers.length < 2 || Object.keys(this.draft.customer).length > 0;
    return !this.saving && isBegun(this.draft) && isToldWho;
  }

  private outcome(): TemplateResult | typeof nothing {
    const words = strings().wrapUp;
    switch (this.answer?.kind) {
      case undefined:
        return nothing;
      case "refused":
        return trouble(this.answer.message);
      case "unreachable":
        return trouble(words.unreachable);
      case "failed":
        return trouble(words.failed(this.answer.status));
      case "saved": {
        const saved = this.answer.result.saved ?? [];
        const failed = saved.filter(({ problem }) => problem);
        const later = saved.filter((one) => one.later);
        const refused = saved.filter((one) => one.refused);
        const kept = saved.filter((one) => !one.problem && !one.later && !one.refused);
        return html`<ul role="status" data-testid="saved">
            ${kept.length > 0 ? html`<li>${words.savedIn(kept.map(named).join(", "))}</li>` : nothing}
            ${later.length > 0
              ? html`<li data-testid="sent-later">${words.sentLaterTo(titles(later))}</li>`
              : nothing}
            ${refused.map(
              ({ title, refused: purpose = "" }) =>
                html`<li data-testid="not-written">${words.refusedBy(title, strings().consents.purpose(purpose))}</li>`,
            )}
            ${saved.length === 0 ? html`<li>${words.savedHere}</li>` : nothing}
          </ul>
          ${failed.length > 0 ? trouble(words.notSavedIn(titles(failed))) : nothing}`;
      }
    }
  }

  private open(): void {
    this.isOpen = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector("textarea")?.focus());
  }

  private close(): void {
    this.isOpen = false;
    this.dispatchEvent(new CustomEvent("gone"));
  }

  private change(part: Partial<Draft>): void {
    // What is said anew is something else than what was sent, and may have been written already.
    const id = this.answer?.kind === "saved" ? newId() : this.draft.id;
    this.draft = { ...this.draft, ...part, id };
    this.answer = undefined;
    keep(this.callId, this.draft);
  }

  private async save(event: Event): Promise<void> {
    event.preventDefault();
    if (!this.canSave) return;
    this.saving = true;
    const { callId, draft } = this;
    const { id, note, disposition, newCase, customer } = draft;
    const answer = await wrapUp(callId, { id, note, disposition, new_case: newCase, customer });
    this.saving = false;
    const isWhole = answer.kind === "saved" && !(answer.result.saved ?? []).some(({ problem }) => problem);
    if (isWhole) forget(callId);
    if (callId !== this.callId) return;
    this.answer = answer;
    if (isWhole) this.draft = draftOf(callId);
  }
}

const named = ({ title, kind, id }: Saved): string => (kind === "case" && id ? `${title} (${id})` : title);

const titles = (saved: readonly Saved[]): string => [...new Set(saved.map(({ title }) => title))].join(", ");

const trouble = (text: string): TemplateResult =>
  html`<div class="trouble" role="alert" data-testid="note-trouble">${text}</div>`;
