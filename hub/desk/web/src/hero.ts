/** The part of a pop that one second is enough for: who, which number, what state, what to know first. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/call.js";
import "@ui5/webcomponents-icons/dist/history.js";
import "@ui5/webcomponents-icons/dist/incoming-call.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import "@ui5/webcomponents-icons/dist/pause.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { EachSecond } from "./clock";
import { callerKind, customerName, customerNumber, headline, meant, networkName, readable, systemTitle } from "./customer";
import { conflictMark } from "./conflict";
import "./dial-number";
import { duration, moment, provenance } from "./format";
import type { Call, Customer, CustomerContext, Pop, PopState, TeamMember } from "./frames";
import { recordsOf } from "./identity";
import { Localized, strings } from "./language";
import "./popup";
import "./proposals";
import "./reasons";
import "./sources";
import type { Closed } from "./state";
import { base, shake } from "./styles";

export function stateIcon(pop: Pop): string {
  const icons: Record<PopState, string> = { ringing: "incoming-call", connected: "call", held: "pause" };
  return pop.state === "ringing" && pop.call.direction === "outbound" ? "outgoing-call" : icons[pop.state];
}

@customElement("ctihub-hero")
export class Hero extends LitElement {
  static override styles = [
    base,
    shake,
    css`
      :host {
        border-radius: 1rem;
        padding: 1.125rem 1.5rem 1.25rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        box-shadow: var(--sapContent_Shadow0);
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 30vw) minmax(0, max-content);
        column-gap: 1.5rem;
        border-inline-start-width: 0.5rem;
        /* Every line has its place from the first moment: what backends answer moves nothing. */
        --name: clamp(1.75rem, 3.4vw, 2.75rem);
        --name-room: calc(var(--name) * 1.14);
      }
      :host([state="ringing"]) {
        background: var(--sapButton_Emphasized_Background);
        border-color: var(--sapButton_Emphasized_BorderColor);
        color: var(--sapButton_Emphasized_TextColor);
        box-shadow: var(--sapContent_Shadow2);
      }
      :host([state="connected"]) {
        border-inline-start-color: var(--sapPositiveElementColor);
      }
      :host([state="held"]) {
        border-inline-start-color: var(--sapCriticalElementColor);
        border-inline-start-style: double;
        background: var(--sapWarningBackground);
      }
      :host([state="past"]) {
        border-inline-start-color: var(--sapNeutralElementColor);
        border-style: dashed;
        background: var(--sapBackgroundColor);
        box-shadow: none;
      }
      .state {
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
        font-size: 0.9375rem;
        font-weight: 700;
        letter-spacing: 0.02em;
      }
      .state ui5-icon {
        width: 1.25rem;
        height: 1.25rem;
        color: inherit;
      }
      :host([state="connected"]) .state {
        color: var(--sapPositiveTextColor);
      }
      :host([state="held"]) .state {
        color: var(--sapCriticalTextColor);
      }
      .room {
        min-height: var(--name-room);
        margin: 0.25rem 0;
        display: flex;
        align-items: center;
      }
      .name {
        font-size: var(--name);
        line-height: 1.14;
        font-weight: 700;
        letter-spacing: -0.01em;
        overflow-wrap: anywhere;
        unicode-bidi: plaintext;
        text-align: left;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 1;
        overflow: hidden;
      }
      .name.long {
        font-size: calc(var(--name) * 0.68);
      }
      .name.longer {
        font-size: max(1rem, calc(var(--name) * 0.5));
        -webkit-line-clamp: 2;
      }
      .about {
        min-height: 2.75rem;
      }
      .company {
        font-size: 1.125rem;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .hint {
        font-size: 1rem;
        overflow-wrap: anywhere;
      }
      :host([state="ringing"]) .about {
        --popup-focus: var(--sapButton_Emphasized_TextColor);
      }
      ctihub-reasons {
        grid-column: 1 / -1;
      }
      @media (max-width: 68rem) {
        :host {
          grid-template-columns: minmax(0, 1fr) minmax(0, max-content);
        }
        ctihub-proposals {
          grid-row: 2;
          grid-column: 1 / -1;
          margin-top: 0.5rem;
        }
      }
      .side {
        text-align: end;
        display: grid;
        align-content: start;
        gap: 0.25rem;
      }
      .phone {
        font-size: clamp(1.125rem, 2vw, 1.625rem);
        font-weight: 600;
        margin-top: 0.5rem;
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .waits {
        font-size: 1rem;
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .small {
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
      }
      .link {
        all: unset;
        cursor: pointer;
        text-decoration: underline;
      }
      button.link:focus-visible {
        outline: 2px solid currentColor;
      }
      .small.source {
        color: inherit;
        font-size: 0.75rem;
        display: flex;
        gap: 0.3125rem;
        overflow: hidden;
        white-space: nowrap;
      }
      .small.source > * {
        flex: none;
      }
      .small.source > span[data-testid] {
        flex: 0 1 auto;
        min-width: 2rem;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .small.source > span[data-testid="pop-source"] {
        flex-shrink: 1000;
      }
      :host(:not([state="ringing"])) .small {
        color: var(--sapContent_LabelColor);
      }
      @media (max-width: 40rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          padding: 0.875rem 1rem 1rem;
        }
        ctihub-proposals {
          grid-row: 3;
        }
        :host {
          --name: 1.75rem;
          --name-room: 2.875rem;
        }
        .name.long,
        .name.longer {
          font-size: 1.25rem;
          -webkit-line-clamp: 2;
        }
        .company {
          font-size: 1rem;
          white-space: normal;
          display: -webkit-box;
          -webkit-box-orient: vertical;
          -webkit-line-clamp: 2;
        }
        .side {
          text-align: start;
          margin-top: 0.375rem;
        }
        .phone {
          margin-top: 0;
        }
        .about {
          min-height: 3.75rem;
        }
        .small.source > [data-testid="pop-source"],
        .small.own {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) pop!: Pop;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  /** How and when it left the agent; undefined while it has not. */
  @property({ attribute: false }) past: Closed | undefined;

  /** Who is signed in, and who the others are: one of them may have chosen the customer. */
  @property({ attribute: false }) agent = "";
  @property({ attribute: false }) team: ReadonlyMap<string, TeamMember> = new Map();

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override willUpdate(): void {
    this.setAttribute("state", this.past ? "past" : this.pop.state);
  }

  protected override render(): TemplateResult {
    const { pop, context } = this;
    const words = strings();
    const now = Date.now() + this.clockAhead;
    const only = meant(context);
    const number = readable(customerNumber(pop.call));
    const name = headline(pop.call, context);
    return html`
      <div>
        ${this.state(now)}
        <div class="room">
          <h2 class="name ${nameSize(name)}" title=${nameSize(name) ? name : nothing} data-testid="pop-name">${name}</h2>
        </div>
        <div class="about">
          ${only ? this.company(only) : nothing}
          <p class="hint" data-testid="pop-hint">${this.hint()}</p>
          ${context?.chosen?.unreachable ? html`<div class="small">${this.choice()}</div>` : nothing}
        </div>
      </div>
      <ctihub-proposals .customer=${only} .context=${context} .clockAhead=${this.clockAhead}></ctihub-proposals>
      <div class="side">
        ${this.waiting(pop.call, now)}
        <div class="phone number" data-testid="pop-number">
          ${this.past ? html`<ctihub-number .number=${number} .customer=${only}></ctihub-number>` : number}
        </div>
        ${pop.call.called && pop.call.direction === "inbound"
          ? html`<div class="small">${words.call.dialled} <span>${readable(pop.call.called)}</span></div>`
          : nothing}
        <div class="small own">${words.call.phone} ${pop.device}</div>
        ${pop.call.partial ? html`<div class="small">${words.call.partial}</div>` : nothing}
      </div>
      <ctihub-reasons .customer=${only} .context=${context} .clockAhead=${this.clockAhead}></ctihub-reasons>
    `;
  }

  private state(now: number): TemplateResult {
    const { pop, past } = this;
    const words = strings();
    const from = past ? past.at + this.clockAhead : Date.parse(pop.since);
    return html`<div class="state" data-testid="pop-state" data-state=${past ? "past" : pop.state}>
      <ui5-icon class=${past ? "past" : pop.state} name=${past ? "history" : stateIcon(pop)} mode="Decorative"></ui5-icon>
      <span>${past ? words.facts.past : words.state[pop.state]}</span>
      <span class="number" data-testid="pop-duration">${duration(now - from)}</span>
      ${past ? html`<span>· ${words.closed[past.reason]}</span>` : nothing}
      ${pop.call.direction === "outbound" ? html`<span>· ${words.call.outbound}</span>` : nothing}
    </div>`;
  }

  private company(customer: Customer): TemplateResult {
    const organization = customer.organization?.value;
    const line = [organization === customerName(customer) ? "" : organization, customer.title?.value].filter(
      (part): part is string => Boolean(part),
    );
    const told = customer.name ?? customer.organization;
    const answers = this.context?.answers ?? [];
    return html`
      ${line.length > 0
        ? html`<div class="company" title=${line.join(" · ")} data-testid="pop-company">
            ${line.map((part, index) => html`${index > 0 ? " · " : ""}<bdi>${part}</bdi>`)}
          </div>`
        : nothing}
      <div class="small source">
        ${this.choice()}
        ${told
          ? html`<span data-testid="pop-source" title=${provenance(systemTitle(told.system, answers), told.record, told.at)}>${provenance(systemTitle(told.system, answers), told.record, told.at)}</span>`
          : nothing}
        ${this.sources(customer)}${conflictMark(customer, "name", customerName(customer), answers)}
      </div>
    `;
  }

  /** Who chose this one of several, and the way back. */
  private choice(): TemplateResult | typeof nothing {
    const chosen = this.context?.chosen;
    const count = this.context?.customers?.length ?? 0;
    if (!chosen || (count < 2 && !chosen.unreachable)) return nothing;
    const words = strings().identity;
    const who = chosen.by === this.agent ? words.you : (this.team.get(chosen.by)?.name ?? chosen.by);
    const { system, id } = chosen.record;
    const title = systemTitle(system, this.context?.answers ?? []);
    const which = chosen.unreachable ? words.unreachableRecord(title, id) : words.ofSeveral(count);
    return html`<span data-testid="pop-chosen"
        >${words.chosenBy(who, moment(chosen.at, Date.now() + this.clockAhead))} (${which})</span
      >
      <button
        class="link"
        data-testid="take-back"
        title=${words.takeBackHint}
        @click=${() => this.dispatchEvent(new CustomEvent("take-back", { bubbles: true, composed: true }))}
        >${words.takeBack}</button
      >
      ${chosen.unreachable ? nothing : html`<span aria-hidden="true">·</span>`}`;
  }

  /** Opens which records the customer is made of. */
  private sources(customer: Customer): TemplateResult {
    const words = strings().identity;
    const count = recordsOf(customer, this.context?.answers ?? []).length;
    return html`<ctihub-popup
        data-testid="open-sources"
        .hint=${words.sourcesHint}
        .content=${() => html`<ctihub-sources .customer=${customer} .context=${this.context}></ctihub-sources>`}
        ><span class="link">${words.sources(count)}</span></ctihub-popup
      >`;
  }

  private hint(): string | typeof nothing {
    const words = strings();
    const { call } = this.pop;
    switch (callerKind(call, this.context)) {
      case "several":
        return words.caller.several(this.context?.customers?.length ?? 0);
      case "unreachable":
        return words.identity.chosenUnreachable;
      case "anonymous":
        return words.caller.anonymousHint;
      case "unknown":
        return [
          this.context?.interactions?.length ? words.caller.contactsHint : words.caller.unknownHint,
          networkName(call) ? `${words.caller.claims}: ${networkName(call)}` : "",
        ].filter(Boolean).join(" ");
      case "unidentified":
        return words.caller.unidentifiedHint;
      case "searching":
        return words.caller.searching;
      case "internal":
        return words.call.internal;
      case "no_lookup":
        return words.caller.noLookup;
      case "no_systems":
        return networkName(call) ? words.caller.claims : words.caller.noSystems;
      case "known":
        return nothing;
    }
  }

  private waiting(call: Call, now: number): TemplateResult | typeof nothing {
    if (!call.queue) return nothing;
    const words = strings().call;
    const from = Date.parse(call.queued_at ?? call.started_at);
    const until = call.left_queue_at ?? call.answered_at;
    const waits = this.pop.state === "ringing";
    const time = duration((waits || !until ? now : Date.parse(until)) - from);
    return html`<div class="waits" data-testid="pop-queue">
      ${words.queue} ${call.queue} · <span class="number">${waits ? words.waiting(time) : words.waited(time)}</span>
    </div>`;
  }
}

/** A long name is set smaller, or smaller on two lines, so that it takes the room of a short one. */
function nameSize(name: string): "" | "long" | "longer" {
  const wide = name.match(/[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/g)?.length ?? 0;
  const width = name.replace(/\p{M}/gu, "").length + wide;
  return width <= 20 ? "" : width <= 30 ? "long" : "longer";
}
