/** Find a customer: results as one types, with arrow keys and Enter; the backends are asked on request. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/search.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { controls } from "./controls";
import "./dial-number";
import { search, type Said } from "./customer-api";
import { customerName, systemTitle } from "./customer";
import type { CustomerHit, CustomerSearch, RecordRef, UnclaimedMatter } from "./frames";
import { Localized, strings } from "./language";
import { base } from "./styles";

const WAIT_MS = 150;
const SHORTEST = 2;
const LONGEST = 200;

@customElement("ctihub-search")
export class Search extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .open {
        font-weight: 400;
        color: var(--sapField_PlaceholderTextColor);
        background: var(--sapField_Background);
        border-color: var(--sapField_BorderColor);
      }
      dialog {
        width: min(44rem, calc(100vw - 1.5rem));
        max-height: calc(100vh - 6rem);
        margin: 3.5rem auto auto;
        padding: 0;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        border-radius: 0.75rem;
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
        box-shadow: var(--sapContent_Shadow2);
        overflow: hidden;
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 0.35);
      }
      .panel {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr) auto;
        max-height: calc(100vh - 6rem);
      }
      .field {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        padding: 0.625rem 1rem;
        border-bottom: 1px solid var(--sapList_BorderColor);
      }
      .field input {
        flex: 1;
        font-size: 1.125rem;
        border: 0;
        min-height: 2.5rem;
        background: none;
        color: var(--sapTextColor);
      }
      .field input:focus-visible {
        outline-offset: -2px;
        border-radius: 0.5rem;
      }
      /* As high whatever is found: nothing jumps while one types. */
      ul {
        height: 22rem;
        overflow: auto;
        padding: 0.25rem;
      }
      li {
        display: grid;
        gap: 0.0625rem;
        padding: 0.4375rem 0.75rem;
        border-radius: 0.5rem;
        cursor: pointer;
        overflow-wrap: anywhere;
      }
      li[aria-selected="true"] {
        background: var(--sapList_SelectionBackgroundColor);
        box-shadow: inset 0.1875rem 0 0 var(--sapSelectedColor);
      }
      li:hover {
        background: var(--sapList_Hover_Background);
      }
      .nobodys {
        display: grid;
        gap: 0.0625rem;
        padding: 0.4375rem 0.75rem;
        overflow-wrap: anywhere;
      }
      .name {
        font-weight: 600;
      }
      .two {
        display: flex;
        justify-content: space-between;
        gap: 0.75rem;
        align-items: baseline;
      }
      .two > * {
        min-width: 0;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
      }
      .two > :last-child:not(:first-child) {
        flex: none;
        max-width: 50%;
        text-align: end;
      }
      .said {
        padding: 1rem;
        color: var(--sapContent_LabelColor);
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        align-items: center;
        gap: 0.5rem;
        min-height: 3.25rem;
        padding: 0.5rem 1rem;
        border-top: 1px solid var(--sapList_BorderColor);
      }
      .foot > span {
        min-width: 0;
        overflow-wrap: anywhere;
      }
      @media (max-width: 100rem) {
        .words,
        .keys {
          display: none;
        }
      }
    `,
  ];

  /** A phone that begins to ring goes before what was looked for; the text stays for later. */
  @property({ type: Boolean, attribute: false }) inCall = false;
  @query("dialog") private readonly dialog!: HTMLDialogElement;
  @query("input") private readonly input!: HTMLInputElement;
  @state() private text = "";
  @state() private answer: Said<CustomerSearch> | undefined;
  @state() private selected = 0;
  /** Whether an answer is awaited, and whose. */
  @state() private waits: "" | "hub" | "systems" = "";
  @state() private isOpen = false;
  private wait: number | undefined;
  private asked: AbortController | undefined;

  constructor() {
    super();
    new Localized(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.pressed);
    this.stop();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("inCall") && this.inCall) this.dialog.close();
  }

  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    void this.updateComplete.then(() => {
      this.dialog.showModal();
      this.input.focus();
      this.input.select();
    });
  }

  /** Ctrl+K anywhere, / where nothing is being typed. */
  private readonly pressed = (event: KeyboardEvent): void => {
    const isShortcut = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k";
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event);
    if (!isShortcut && !isSlash) return;
    event.preventDefault();
    this.open();
  };

  protected override render(): TemplateResult {
    const words = strings().search;
    return html`<button
        class="open"
        data-testid="search-open"
        aria-label=${words.open}
        title="${words.open} (${words.hint})"
        aria-haspopup="dialog"
        @click=${() => this.open()}
      >
        <ui5-icon name="search" mode="Decorative"></ui5-icon><span class="words">${words.open}</span
        ><span class="keys quiet">${words.hint}</span>
      </button>
      <dialog
        aria-label=${words.open}
        data-testid="search"
        @close=${this.closed}
        @click=${(event: Event) => event.target === this.dialog && this.dialog.close()}
      >
        ${this.isOpen ? this.panel() : nothing}
      </dialog>`;
  }

  private panel(): TemplateResult {
    const words = strings().search;
    const hits = this.hits;
    return html`<div class="panel">
      <div class="field">
        <ui5-icon name="search" mode="Decorative"></ui5-icon>
        <input
          type="search"
          role="combobox"
          autocomplete="off"
          spellcheck="false"
          maxlength=${LONGEST}
          data-testid="search-text"
          aria-label=${words.label}
          aria-expanded=${String(hits.length > 0)}
          aria-controls="found"
          aria-autocomplete="list"
          aria-activedescendant=${hits.length > 0 ? `hit-${this.selected}` : nothing}
          placeholder=${words.label}
          .value=${this.text}
          @input=${this.typed}
          @keydown=${this.moved}
        />
      </div>
      <ul id="found" role="listbox" aria-label=${words.open}>
        ${hits.map((hit, index) => this.hit(hit, index))} ${this.unclaimed.map((matter) => this.matter(matter))}
        ${hits.length + this.unclaimed.length === 0 ? html`<p class="said">${this.nothingFound()}</p>` : nothing}
      </ul>
      <div class="foot">
        <span role="status" data-testid="search-said">${this.said()}</span>
        <button data-testid="search-backends" ?disabled=${!this.canAsk} @click=${() => void this.ask(true)}
          >${this.waits === "systems" ? words.asking : words.ask}</button
        >
      </div>
    </div>`;
  }

  private get hits(): readonly CustomerHit[] {
    return this.answer?.kind === "done" ? (this.answer.value.hits ?? []) : [];
  }

  private get unclaimed(): readonly UnclaimedMatter[] {
    return this.answer?.kind === "done" ? (this.answer.value.unclaimed ?? []) : [];
  }

  private get canAsk(): boolean {
    return this.text.trim().length >= SHORTEST && this.waits !== "systems";
  }

  private hit({ customer, records, why }: CustomerHit, index: number): TemplateResult {
    const words = strings();
    const [best] = why;
    const name = customerName(customer);
    const organization = customer.organization?.value === name ? "" : customer.organization?.value;
    const about = [organization, customer.title?.value, customer.addresses?.[0]?.value.locality, customer.tier?.value];
    const systems = records.map(({ system, id }) => `${systemTitle(system, this.answers)} ${id}`).join(" · ");
    return html`<li
      id="hit-${index}"
      role="option"
      aria-selected=${String(index === this.selected)}
      data-testid="hit"
      @click=${() => this.choose(index)}
    >
      <span class="two"
        ><bdi class="name">${name}</bdi>${best
          ? html`<span class="quiet" data-testid="hit-why"
              >${words.search.by[best.by] ?? best.by}${best.text ? html`: <bdi>${best.text}</bdi>` : nothing}</span
            >`
          : nothing}</span
      >
      <span class="two source"><bdi>${about.filter(Boolean).join(" · ")}</bdi><bdi>${systems}</bdi></span>
    </li>`;
  }

  /** An order or a case of somebody of whom there is nothing but a number or an address. */
  private matter({ by, text, system, customer }: UnclaimedMatter): TemplateResult {
    const words = strings().search;
    return html`<p class="nobodys" data-testid="unclaimed">
      <span class="two"
        ><bdi class="name">${words.by[by] ?? by} ${text}</bdi
        ><span class="quiet">${systemTitle(system, this.answers)}</span></span
      >
      <span class="source"
        >${words.nobodys} ${customer.phones?.map((number) => html`<ctihub-number .number=${number}></ctihub-number> `)}${customer.emails?.map(
          (address) => html`<bdi>${address}</bdi> `,
        )}</span
      >
    </p>`;
  }

  private get answers(): CustomerSearch["answers"] & {} {
    return this.answer?.kind === "done" ? (this.answer.value.answers ?? []) : [];
  }

  private nothingFound(): string {
    const words = strings().search;
    if (this.text.trim() === "") return words.recent;
    if (this.text.trim().length < SHORTEST) return words.short;
    if (this.waits || !this.answer) return words.searching;
    if (this.answer.kind === "refused") return this.answer.message;
    if (this.answer.kind !== "done") return words.failed;
    return this.answers.length > 0 ? words.noneAnywhere : words.none;
  }

  /** How many were found, and which systems could not be asked. */
  private said(): string {
    const words = strings();
    if (this.answer?.kind !== "done") return "";
    const failed = this.answers.filter(({ state: told }) => told === "failed");
    const { hits = [], has_more: hasMore } = this.answer.value;
    return [
      hits.length > 0 ? words.search.found(hits.length) : "",
      hasMore ? words.search.typeMore : "",
      ...failed.map(({ title, connector, problem }) => `${title || connector} ${words.systems.problem[problem ?? "internal"]}`),
    ]
      .filter(Boolean)
      .join(" · ");
  }

  private readonly typed = (event: InputEvent): void => {
    this.text = (event.target as HTMLInputElement).value;
    this.stop();
    this.waits = "";
    if (this.text.trim().length < SHORTEST) this.answer = undefined;
    else this.wait = setTimeout(() => void this.ask(false), WAIT_MS);
  };

  private readonly moved = (event: KeyboardEvent): void => {
    const last = this.hits.length - 1;
    const steps: Readonly<Record<string, number>> = { ArrowDown: this.selected + 1, ArrowUp: this.selected - 1 };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.selected = Math.max(0, Math.min(last, to));
      void this.updateComplete.then(() =>
        this.renderRoot.querySelector(`#hit-${this.selected}`)?.scrollIntoView({ block: "nearest" }),
      );
    } else if (event.key === "Enter" && !event.isComposing && last >= 0) {
      event.preventDefault();
      this.choose(this.selected);
    } else if (event.key === "Escape" && !event.isComposing) {
      event.preventDefault();
      this.dialog.close();
    }
  };

  /** The latest question wins: what was asked before is given up. */
  private async ask(systemsToo: boolean): Promise<void> {
    this.stop();
    const asked = new AbortController();
    this.asked = asked;
    this.waits = systemsToo ? "systems" : "hub";
    const answer = await search(this.text.trim(), systemsToo, asked.signal);
    if (this.asked !== asked) return;
    this.asked = undefined;
    this.waits = "";
    this.answer = answer;
    this.selected = 0;
  }

  private stop(): void {
    clearTimeout(this.wait);
    this.asked?.abort();
    this.asked = undefined;
  }

  private choose(index: number): void {
    const record = this.hits[index]?.records[0];
    if (!record) return;
    this.dialog.close();
    this.dispatchEvent(new CustomEvent<RecordRef>("view-customer", { detail: record, bubbles: true, composed: true }));
  }

  private readonly closed = (): void => {
    this.stop();
    this.waits = "";
    this.isOpen = false;
  };
}

/** Whether a key pressed is part of a text. */
function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
