/** The part of a pop that one second is enough for: who, which number, what state, what to know first. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/accept.js";
import "@ui5/webcomponents-icons/dist/alert.js";
import "@ui5/webcomponents-icons/dist/call.js";
import "@ui5/webcomponents-icons/dist/high-priority.js";
import "@ui5/webcomponents-icons/dist/incoming-call.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import "@ui5/webcomponents-icons/dist/pause.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { EachSecond } from "./clock";
import { attention, callerKind, customerName, customerNumber, headline, networkName, readable, systemTitle } from "./customer";
import { duration, provenance } from "./format";
import type { Call, Customer, CustomerContext, Pop, PopState } from "./frames";
import { Localized, strings } from "./language";
import { base } from "./styles";

export function stateIcon(pop: Pop): string {
  const icons: Record<PopState, string> = { ringing: "incoming-call", connected: "call", held: "pause" };
  return pop.state === "ringing" && pop.call.direction === "outbound" ? "outgoing-call" : icons[pop.state];
}

@customElement("ctihub-hero")
export class Hero extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        border-radius: 1rem;
        padding: 1.125rem 1.5rem 1.25rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        box-shadow: var(--sapContent_Shadow0);
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, max-content);
        column-gap: 2rem;
        border-inline-start-width: 0.5rem;
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
      :host([state="ringing"]) .state ui5-icon {
        animation: ring 1s ease-in-out infinite;
      }
      @keyframes ring {
        0%,
        50%,
        100% {
          transform: rotate(0);
        }
        10%,
        30% {
          transform: rotate(-16deg);
        }
        20%,
        40% {
          transform: rotate(16deg);
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .state ui5-icon {
          animation: none !important;
        }
      }
      .name {
        font-size: clamp(1.75rem, 3.4vw, 2.75rem);
        line-height: 1.12;
        font-weight: 700;
        letter-spacing: -0.01em;
        margin: 0.25rem 0 0.25rem;
        overflow-wrap: anywhere;
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
        overflow: hidden;
      }
      .company {
        font-size: 1.125rem;
        overflow-wrap: anywhere;
      }
      .hint {
        font-size: 1rem;
        margin-top: 0.125rem;
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        margin-top: 0.75rem;
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        border-radius: 1rem;
        padding: 0.1875rem 0.75rem;
        font-size: 0.875rem;
        font-weight: 600;
        border: 1px solid currentColor;
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
      }
      .chip.bad {
        background: var(--sapErrorBackground);
        color: var(--sapNegativeTextColor);
      }
      .chip ui5-icon {
        color: inherit;
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
      .chip {
        overflow-wrap: anywhere;
        min-width: 0;
      }
      .small.source {
        color: inherit;
        font-size: 0.75rem;
      }
      :host(:not([state="ringing"])) .small {
        color: var(--sapContent_LabelColor);
      }
      @media (max-width: 40rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          padding: 0.875rem 1rem 1rem;
        }
        .side {
          text-align: start;
          margin-top: 0.625rem;
        }
        .phone {
          margin-top: 0;
        }
        .small.source {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) pop!: Pop;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override willUpdate(): void {
    this.setAttribute("state", this.pop.state);
  }

  protected override render(): TemplateResult {
    const { pop, context } = this;
    const words = strings();
    const now = Date.now() + this.clockAhead;
    const customers = context?.customers ?? [];
    const only = customers.length === 1 ? customers[0] : undefined;
    const number = readable(customerNumber(pop.call));
    return html`
      <div>
        <div class="state" data-testid="pop-state" data-state=${pop.state}>
          <ui5-icon name=${stateIcon(pop)} mode="Decorative"></ui5-icon>
          <span>${words.state[pop.state]}</span>
          <span class="number" data-testid="pop-duration">${duration(now - Date.parse(pop.since))}</span>
        </div>
        <h2 class="name" data-testid="pop-name">${headline(pop.call, context)}</h2>
        ${only ? this.company(only) : nothing}
        <p class="hint" data-testid="pop-hint">${this.hint()}</p>
        ${only ? this.chips(only, now) : nothing}
      </div>
      <div class="side">
        ${this.waiting(pop.call, now)}
        <div class="phone number" data-testid="pop-number">${number}</div>
        ${pop.call.called && pop.call.direction === "inbound"
          ? html`<div class="small">${words.call.dialled} <span>${readable(pop.call.called)}</span></div>`
          : nothing}
        <div class="small">${words.call.phone} ${pop.device}</div>
        ${pop.call.partial ? html`<div class="small">${words.call.partial}</div>` : nothing}
      </div>
    `;
  }

  private company(customer: Customer): TemplateResult {
    const organization = customer.organization?.value;
    const line = [customer.title?.value, organization === customerName(customer) ? "" : organization]
      .filter(Boolean)
      .join(" · ");
    const told = customer.name ?? customer.organization;
    const answers = this.context?.answers ?? [];
    return html`
      ${line ? html`<div class="company" data-testid="pop-company">${line}</div>` : nothing}
      ${told
        ? html`<div class="small source" data-testid="pop-source">
            ${provenance(systemTitle(told.system, answers), told.record, told.at)}
          </div>`
        : nothing}
    `;
  }

  private chips(customer: Customer, now: number): TemplateResult | typeof nothing {
    const words = strings().attention;
    const { late, urgent } = attention(customer, now);
    const tier = customer.tier;
    if (!tier && !late && !urgent) return nothing;
    return html`<div class="chips">
      ${tier
        ? html`<span
            class="chip"
            data-testid="pop-tier"
            title=${provenance(systemTitle(tier.system, this.context?.answers ?? []), tier.record, tier.at)}
            >${tier.value}</span
          >`
        : nothing}
      ${late
        ? html`<span class="chip bad" data-testid="pop-late"
            ><ui5-icon name="alert" mode="Decorative"></ui5-icon>${words.late(late)}</span
          >`
        : nothing}
      ${urgent
        ? html`<span class="chip bad" data-testid="pop-urgent"
            ><ui5-icon name="high-priority" mode="Decorative"></ui5-icon>${words.urgent(urgent)}</span
          >`
        : nothing}
    </div>`;
  }

  private hint(): string | typeof nothing {
    const words = strings();
    const { call } = this.pop;
    switch (callerKind(call, this.context)) {
      case "several":
        return words.caller.several(this.context?.customers?.length ?? 0);
      case "anonymous":
        return words.caller.anonymousHint;
      case "unknown":
        return networkName(call) ? `${words.caller.unknownHint} ${words.caller.claims}: ${networkName(call)}` : words.caller.unknownHint;
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
        return call.direction === "outbound" ? words.call.outbound : nothing;
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
