/** Everything that happened with the customer on any channel, the newest first. */
import "@ui5/webcomponents/dist/Button.js";
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { CHANNELS, channelIcon } from "./channels";
import { colleague } from "./colleagues";
import { isOwnCall, isPending, mayComeTo, meant, systemTitle } from "./customer";
import { duration, fullMoment, fullText, moment } from "./format";
import type { Channel, CustomerContext, Interaction, Note, Outcome } from "./frames";
import { Localized, strings } from "./language";
import { repeatMark } from "./repeats";
import { RoomForRows } from "./room";
import { webAddress } from "./safe-link";
import { base, card, skeleton } from "./styles";
import { OlderPages, merged } from "./timeline";

/** About as much as two lines have room for; what is longer is folded. */
const LONG = 110;
/** States of an order or a case that are shown of those before its present one. */
const STATES = 4;

@customElement("ctihub-history")
export class History extends LitElement {
  static override styles = [
    base,
    card,
    skeleton,
    css`
      .entry {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.625rem;
      }
      ui5-icon {
        margin-top: 0.125rem;
        color: var(--sapContent_NonInteractiveIconColor);
      }
      .entry.missed > ui5-icon {
        color: var(--sapNegativeElementColor);
      }
      .text {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
      }
      .text.unfolded {
        display: block;
        white-space: pre-line;
        max-height: 20rem;
        overflow: auto;
      }
      button.fold {
        all: unset;
        cursor: pointer;
        color: var(--sapLinkColor);
        font-size: 0.75rem;
      }
      button.fold:focus-visible {
        outline: 2px solid var(--sapContent_FocusColor);
      }
      .channels {
        display: flex;
        min-width: 0;
        justify-content: end;
        gap: 0.125rem;
        margin: -0.5rem 0 -0.5rem auto;
      }
      .channels button {
        display: grid;
        place-items: center;
        width: 1.75rem;
        min-width: 1.25rem;
        height: 1.75rem;
        padding: 0;
        border: 1px solid transparent;
        border-radius: 0.875rem;
        background: none;
        cursor: pointer;
      }
      .channels button:hover {
        background: var(--sapButton_Hover_Background);
      }
      .channels button[aria-pressed="true"] {
        border-color: var(--sapButton_Selected_BorderColor);
        background: var(--sapButton_Selected_Background);
      }
      .channels ui5-icon {
        margin: 0;
      }
    `,
  ];

  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** Where older ones can be had (`/api/v1/calls/{id}/timeline`); empty where they can't. */
  @property({ attribute: false }) path = "";
  @state() private whole = false;
  @state() private channels: ReadonlySet<Channel> = new Set();
  @state() private unfolded: ReadonlySet<string> = new Set();
  private readonly room = new RoomForRows(this, 5.5);
  private readonly older = new OlderPages(this);

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("context");
    if (changed.has("path") || (before && before.call_id !== this.context?.call_id)) {
      this.older.forget();
      this.whole = false;
      this.channels = new Set();
      this.unfolded = new Set();
    }
  }

  protected override render(): TemplateResult {
    const words = strings().timeline;
    const all = merged(this.context?.interactions ?? [], this.older.interactions);
    const fitting = this.channels.size === 0 ? all : all.filter(({ channel }) => this.channels.has(channel));
    const shown = this.whole ? fitting : fitting.slice(0, this.room.rows);
    const hidden = fitting.length - shown.length;
    return html`<section class="card" data-testid="timeline">
      <h3>
        ${meant(this.context) || mayComeTo(this.context) ? words.title : words.ofNumber}${all.length > 0 ? html`<span class="count">${fitting.length}</span>` : nothing}
        ${this.filter(all)}
      </h3>
      <ul>
        ${repeat(
          shown,
          ({ source, id }) => `${source ?? ""}\n${id}`,
          (contact) => this.row(contact),
        )}
      </ul>
      ${fitting.length === 0 ? this.nothingThere() : nothing} ${this.more(hidden, all.length > 0)}
    </section>`;
  }

  /** One button for each channel that there is something of; all of them where there may be more than is here. */
  private filter(all: readonly Interaction[]): TemplateResult | typeof nothing {
    const here = new Set(all.map(({ channel }) => channel));
    const mayBeMore = this.whole && this.hasOlder;
    const offered = CHANNELS.filter((channel) => mayBeMore || here.has(channel) || this.channels.has(channel));
    if (offered.length < 2) return nothing;
    const words = strings();
    return html`<span class="channels" role="group" aria-label=${words.timeline.filter}>
      ${offered.map(
        (channel) => html`<button
          type="button"
          data-testid="channel"
          data-channel=${channel}
          title=${words.history.channel[channel]}
          aria-label=${words.history.channel[channel]}
          aria-pressed=${String(this.channels.has(channel))}
          @click=${() => this.toggle(channel)}
        >
          <ui5-icon name=${channelIcon(channel)} mode="Decorative"></ui5-icon>
        </button>`,
      )}
    </span>`;
  }

  /** Whether there are contacts that are not here and can be had. */
  private get hasOlder(): boolean {
    return this.path !== "" && this.older.hasMore(this.context?.has_older ?? false);
  }

  private toggle(channel: Channel): void {
    const channels = new Set(this.channels);
    if (!channels.delete(channel)) channels.add(channel);
    this.channels = channels;
    this.older.forget();
    if (this.path && channels.size > 0) void this.older.load(this.path, channels);
  }

  private more(hidden: number, isSome: boolean): TemplateResult | typeof nothing {
    const words = strings();
    const canLoad = this.hasOlder && isSome && hidden === 0;
    if (this.older.state === "failed") {
      return html`<p class="quiet" role="status" data-testid="timeline-failed">${words.timeline.failed}</p>
        ${this.button("older", words.view.retry, () => void this.load())}`;
    }
    return html`${hidden > 0 ? this.button("more", words.orders.more(hidden), () => (this.whole = true)) : nothing}
    ${canLoad
      ? this.button("older", this.older.state === "loading" ? words.timeline.loading : words.timeline.older, () => void this.load())
      : nothing}
    ${this.whole ? this.button("fewer", words.orders.less, () => (this.whole = false)) : nothing}`;
  }

  private button(testId: string, text: string, act: () => void): TemplateResult {
    return html`<ui5-button design="Transparent" data-testid=${testId} @click=${act}>${text}</ui5-button>`;
  }

  /** Ask for the next page, and for the one after it where all of that page is here already. */
  private async load(): Promise<void> {
    this.whole = true;
    if (this.older.state === "loading") return;
    const { path, channels } = this;
    const count = (): number => merged(this.context?.interactions ?? [], this.older.interactions).length;
    const before = count();
    do await this.older.load(path, channels);
    while (path === this.path && channels === this.channels && this.older.state === "idle" && this.older.hasMore(false) && count() === before);
  }

  private nothingThere(): TemplateResult {
    const words = strings().timeline;
    if (isPending(this.context)) {
      return html`<div data-testid="skeleton" aria-hidden="true">
        <span class="skeleton"></span><span class="skeleton short"></span>
      </div>`;
    }
    if (this.older.state === "loading") return html`<p class="empty" role="status">${words.loading}</p>`;
    return html`<p class="empty">${this.channels.size > 0 ? words.noneHere : words.none}</p>`;
  }

  private row(contact: Interaction): TemplateResult {
    const words = strings();
    const channel = words.history.channel[contact.channel];
    const { direction = "" } = contact;
    const isCall = contact.channel === "phone";
    const own = isOwnCall(contact);
    const source = own ? (contact.queue ?? "") : systemTitle(contact.source ?? "", this.context?.answers ?? []);
    const icon = isCall && direction === "outbound" ? "outgoing-call" : channelIcon(contact.channel);
    const named = isCall ? (words.timeline.call[direction] ?? channel) : channel;
    const isProgress = contact.channel === "case" || contact.channel === "order";
    const said = [
      isCall ? "" : contact.status,
      contact.reference,
      !isCall && contact.agent ? words.timeline.by(colleague(contact.agent)) : "",
    ].filter(Boolean);
    const missed = isCall && (contact.status === "abandoned" || contact.status === "not_answered");
    const way = direction === "inbound" ? words.timeline.inbound : direction === "outbound" ? words.timeline.outbound : "";
    return html`<li class="row entry ${missed ? "missed" : ""}" data-testid="interaction" data-channel=${contact.channel}>
      <ui5-icon name=${icon} mode="Image" accessible-name=${[channel, way].filter(Boolean).join(", ")}></ui5-icon>
      <div>
        <div class="line">
          <bdi class="main" title=${own ? nothing : fullText(contact.subject)}>${own ? named : contact.subject || named}</bdi>
          <time class="quiet number" datetime=${contact.at} title=${fullMoment(contact.at)}
            >${moment(contact.at, this.now)}</time
          >
        </div>
        ${this.facts(contact)} ${isProgress ? this.moved(contact) : nothing}
        ${contact.text ? this.text(`${contact.source ?? ""}\n${contact.id}`, contact.text) : nothing}
        ${(contact.notes ?? []).map((note, index) => this.note(note, `${contact.source ?? ""}\n${contact.id}\n${index}`))}
        <div class="line source">
          <span class="wrap"
            >${said.length > 0 ? html`<bdi>${said.join(" · ")}</bdi>` : nothing}
            ${isProgress ? nothing : repeatMark(contact.reference, this.context, this.now)} ${this.page(contact)}</span
          ><span>${source}</span>
        </div>
      </div>
    </li>`;
  }

  /** Of a call: how it ended, how long it took, with whom. */
  private facts({ channel, status = "", duration_s: seconds, agent }: Interaction): TemplateResult | typeof nothing {
    if (channel !== "phone") return nothing;
    const words = strings().timeline;
    const facts = [
      words.outcome[status as Outcome] ?? status,
      typeof seconds === "number" ? duration(seconds * 1000) : "",
      agent ? words.by(colleague(agent)) : "",
    ].filter(Boolean);
    return facts.length > 0 ? html`<div class="quiet" data-testid="facts"><bdi>${facts.join(" · ")}</bdi></div>` : nothing;
  }

  /** How an order or a case came to its state: the states before it, the newest first. */
  private moved({ history = [] }: Interaction): TemplateResult | typeof nothing {
    if (history.length === 0) return nothing;
    const states = history.slice(0, STATES).map(({ status, at }) => `${status} (${moment(at, this.now)})`);
    return html`<div class="quiet wrap" data-testid="moved"><bdi>${states.join(" · ")}</bdi></div>`;
  }

  private note({ text = "", disposition, new_case: newCase, agent }: Note, key: string): TemplateResult {
    const words = strings().timeline;
    return html`<div data-testid="note-line">
      <span class="quiet">${words.note}${agent ? html` (<bdi>${colleague(agent)}</bdi>)` : nothing}:</span>
      ${disposition ? html`<bdi class="main">${disposition}</bdi>` : nothing}
      ${newCase ? html`<bdi>${newCase}</bdi>` : nothing} ${text ? this.text(key, text) : nothing}
    </div>`;
  }

  private text(key: string, text: string): TemplateResult {
    const words = strings().timeline;
    const isLong = text.length > LONG || text.trim().split("\n").length > 2;
    const unfolded = this.unfolded.has(key);
    return html`<div class="text quiet ${unfolded ? "unfolded" : ""}" dir="auto">${text}</div>
      ${isLong
        ? html`<button
            type="button"
            class="fold"
            data-testid="fold"
            aria-expanded=${String(unfolded)}
            @click=${() => this.fold(key)}
            >${unfolded ? words.less : words.more}</button
          >`
        : nothing}`;
  }

  private fold(key: string): void {
    const unfolded = new Set(this.unfolded);
    if (!unfolded.delete(key)) unfolded.add(key);
    this.unfolded = unfolded;
  }

  /** The page that a visitor looked at. */
  private page({ url = "" }: Interaction): TemplateResult | typeof nothing {
    const address = webAddress(url);
    if (!address) return nothing;
    const { host, pathname } = new URL(address);
    return html`<a href=${address} target="_blank" rel="noopener noreferrer" data-testid="interaction-page"
      ><bdi>${host}${pathname === "/" ? "" : pathname}</bdi></a
    >`;
  }

  private get now(): number {
    return Date.now() + this.clockAhead;
  }
}
