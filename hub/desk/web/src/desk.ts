/** The agent's desk: calls above, today's log below, and how the hub is doing. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents/dist/MessageStrip.js";
import "@ui5/webcomponents-icons/dist/call.js";
import "@ui5/webcomponents-icons/dist/disconnected.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { learnAbilities } from "./abilities";
import { Attract } from "./attract";
import type { Parked } from "./call-bar";
import { CallHistory } from "./call-history";
import "./call-log";
import "./call-tabs";
import { learnColleagues } from "./colleagues";
import { Connection, type Link } from "./connection";
import "./customer-page";
import { callerKind, candidates, customerNumber, headline, learnTitles, readable } from "./customer";
import { ownPart } from "./doing";
import { draftOf, isBegun } from "./drafts";
import type { AgentProfile, CallLogEntry, CustomerContext, Frame, Pop, RecordRef } from "./frames";
import "./header";
import { Localized, strings, suggestLanguage } from "./language";
import "./parked";
import "./pop";
import { NOTHING, after, show, startsToRing, withoutPast, type Closed, type DeskState } from "./state";
import { base } from "./styles";
import "./team";
import { addressOf, viewed } from "./viewed";
import "./wrap-up";

const CLOSED_NOTICE_MS = 12_000;
/** Until then after-call work has begun, if there is to be any. */
const WORK_BEGINS_MS = 1_500;
/** As many as the call log shows. */
const NAMES_KEPT = 50;

@customElement("ctihub-desk")
export class Desk extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        min-height: 100vh;
        background: var(--sapBackgroundColor);
      }
      main {
        max-width: 128rem;
        margin: 0 auto;
        padding: 0.875rem 1.25rem 1.5rem;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
      ui5-message-strip {
        min-width: 0;
        overflow-wrap: anywhere;
      }
      /* What comes and goes lies over the page, in the header's free middle and below: it pushes nothing away. */
      .banners {
        position: fixed;
        top: 0.375rem;
        left: max(17rem, calc(50vw - 47rem));
        z-index: 2;
        width: min(38rem, calc(100vw - 60rem));
        display: grid;
        gap: 0.25rem;
      }
      .dock {
        position: fixed;
        inset: auto 0 0;
        z-index: 1;
        display: grid;
        justify-items: center;
        gap: 0.5rem;
        pointer-events: none;
      }
      .dock ui5-message-strip {
        width: min(40rem, calc(100vw - 1.5rem));
        margin-bottom: 0.75rem;
        box-shadow: var(--sapContent_Shadow2);
        border-radius: var(--sapPopover_BorderCornerRadius, 0.5rem);
      }
      .dock ctihub-call-tabs {
        width: 100%;
        padding: 0.625rem max(1.25rem, calc(50vw - 62.75rem));
        padding-inline-end: max(8rem, calc(50vw - 55rem));
        background: var(--sapPageFooter_Background, var(--sapTile_Background));
        border-top: 1px solid var(--sapGroup_ContentBorderColor);
        box-shadow: var(--sapContent_Shadow2);
        pointer-events: auto;
      }
      /* A place of its own beside the dock: what comes and goes there does not move it. */
      .notes {
        position: fixed;
        inset: auto max(0.75rem, calc(50vw - 62.75rem)) 0.75rem auto;
        z-index: 2;
        display: grid;
        gap: 0.5rem;
        pointer-events: none;
      }
      main.docked {
        padding-bottom: 5.5rem;
      }
      main.old > ctihub-pop {
        filter: grayscale(1);
      }
      .idle {
        display: grid;
        justify-items: center;
        gap: 0.375rem;
        padding: 2.25rem 1rem;
        text-align: center;
        border-radius: 1rem;
        border: 1px dashed var(--sapGroup_ContentBorderColor);
      }
      .idle ui5-icon {
        width: 2.5rem;
        height: 2.5rem;
        color: var(--sapContent_NonInteractiveIconColor);
      }
      .idle p:first-of-type {
        font-size: 1.25rem;
        font-weight: 600;
      }
      .spoken {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
      @media (max-width: 68rem) {
        .banners {
          position: static;
          width: auto;
          padding: 0.375rem 0.75rem 0;
        }
      }
      @media (max-width: 40rem) {
        main {
          padding: 0.625rem 0.75rem 1rem;
        }
        .idle {
          padding: 2rem 1rem;
        }
        /* Calls stand one above the other there, and what is to be said of them above the calls. */
        .notes {
          bottom: max(5.5rem, calc(2rem + var(--calls, 0) * 3.25rem));
        }
        main.docked {
          padding-bottom: calc(5rem + var(--calls, 0) * 3.25rem);
        }
      }
    `,
  ];

  @property({ attribute: false }) profile: AgentProfile | undefined;
  @state() private desk: DeskState = NOTHING;
  @state() private link: Link = "connecting";
  @state() private log: readonly CallLogEntry[] | undefined = [];
  private readonly names = new Map<string, string>();
  /** Of the hub that this page came from; a hub that was updated has a newer page. */
  private version: string | undefined;
  private closedTimer: number | undefined;
  private workTimer: number | undefined;
  /** A customer who is looked at without a call. */
  @state() private viewing: RecordRef | undefined = viewed(location.hash);
  @state() private parked: readonly Parked[] = [];
  /** Calls that are over, of which the agent has begun to say something. */
  @state() private unsaved: readonly Closed[] = [];

  private readonly attract = new Attract();
  private readonly history = new CallHistory((entries) => (this.log = entries));
  private readonly connection = new Connection({
    frame: (frame) => this.received(frame),
    link: (link) => (this.link = link),
    signedOut: () => this.dispatchEvent(new CustomEvent("session-over")),
  });

  constructor() {
    super();
    new Localized(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.wentElsewhere);
    this.connection.start();
    this.history.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.wentElsewhere);
    this.connection.stop();
    this.history.stop();
    this.attract.close();
    clearTimeout(this.closedTimer);
    clearTimeout(this.workTimer);
  }

  protected override updated(): void {
    this.attract.update(this.desk.pops, this.desk.contexts);
    this.style.setProperty("--calls", String(this.isDocked ? this.desk.pops.length : 0));
  }

  protected override render(): TemplateResult {
    const { desk } = this;
    const live = desk.pops.find((pop) => pop.call.id === desk.shown);
    const past = live ? undefined : desk.past;
    const shown = live ?? past?.pop;
    return html`
      <ctihub-header
        .agent=${desk.agent ?? this.profile}
        .link=${this.link}
        .status=${desk.status}
        .reasons=${desk.reasons}
        .queues=${desk.queues}
        .callbacks=${desk.callbacks}
        .inCall=${desk.pops.length > 0}
        .clockAhead=${desk.clockAhead}
        @view-customer=${(event: CustomEvent<RecordRef>) => (location.hash = addressOf(event.detail))}
      ></ctihub-header>
      <div class="spoken" aria-live="assertive" data-testid="announcement">${this.announcement()}</div>
      ${this.banners()}
      <main class="${this.link === "lost" ? "old" : ""} ${this.isDocked ? "docked" : ""}">
        ${this.viewing
          ? html`<ctihub-customer-page
              .record=${this.viewing}
              .inCall=${desk.pops.length > 0}
              .clockAhead=${desk.clockAhead}
              @leave=${() => this.leaveCustomer()}
            ></ctihub-customer-page>`
          : shown
            ? html`<ctihub-pop
              .pop=${shown}
              .pops=${desk.pops}
              .context=${past ? past.context : desk.contexts.get(shown.call.id)}
              .past=${past}
              .agent=${this.own}
              .team=${desk.team}
              .clockAhead=${desk.clockAhead}
              .onParked=${this.remember}
            ></ctihub-pop>`
          : this.idle()}
        ${desk.agent?.role === "supervisor"
          ? html`<ctihub-team
              .members=${[...desk.team.values()]}
              .own=${this.own}
              .clockAhead=${desk.clockAhead}
            ></ctihub-team>`
          : nothing}
        ${this.callLog(shown, past ? past.context : shown && desk.contexts.get(shown.call.id))}
      </main>
      ${this.dock()}
      <div class="notes">
        ${this.unsaved.filter(({ pop }) => pop.call.id !== desk.past?.pop.call.id).map((of) => this.wrapUp(of, true))}
        ${this.toSayOf()}
      </div>
    `;
  }

  /** It is below what is known of a caller, or stands at once where that would be; it does not travel through the page. */
  private callLog(shown: Pop | undefined, context: CustomerContext | undefined): unknown {
    const kind = shown && callerKind(shown.call, context);
    const belowCards = kind === undefined || kind === "known" || kind === "searching";
    return keyed(
      belowCards,
      html`<ctihub-call-log
        .entries=${this.log}
        .names=${this.names}
        .agent=${this.own}
      ></ctihub-call-log>`,
    );
  }

  private readonly wentElsewhere = (): void => {
    this.viewing = viewed(location.hash);
  };

  /** Back to the calls; the browser's way back leads to the customer again. */
  private leaveCustomer(): void {
    if (!this.viewing) return;
    history.pushState(null, "", location.pathname);
    this.viewing = undefined;
  }

  /** Several calls, or one that a customer's page stands before, have their places at the lower edge. */
  private get isDocked(): boolean {
    return this.desk.pops.length > (this.viewing ? 0 : 1);
  }

  private readonly remember = (parked: Parked): void => {
    this.parked = [...this.parked, parked];
  };

  private get own(): string {
    return this.desk.agent?.id ?? this.profile?.id ?? "";
  }

  private dock(): TemplateResult {
    const { desk } = this;
    const closed = desk.lastClosed;
    return html`<div class="dock">
      ${closed && closed !== desk.past
        ? html`<ui5-message-strip design="Information" hide-close-button role="status" data-testid="closed-notice"
            >${strings().closedWith(this.whoWas(closed), strings().closed[closed.reason])}</ui5-message-strip
          >`
        : nothing}
      ${this.parked.map(
        (parked) => html`<ctihub-parked
          .parked=${parked}
          @gone=${() => (this.parked = this.parked.filter((other) => other !== parked))}
        ></ctihub-parked>`,
      )}
      ${this.isDocked
        ? html`<ctihub-call-tabs
            .pops=${desk.pops}
            .contexts=${desk.contexts}
            .shown=${this.viewing ? undefined : desk.shown}
            .clockAhead=${desk.clockAhead}
            @show=${(event: CustomEvent<string>) => {
              this.leaveCustomer();
              this.desk = show(desk, event.detail);
            }}
          ></ctihub-call-tabs>`
        : nothing}
    </div>`;
  }

  /** Of a call that is talked, or was; while it rings there is nothing to say yet. */
  private toSayOf(): TemplateResult | typeof nothing {
    const { desk } = this;
    const live = desk.pops.find((pop) => pop.call.id === desk.shown);
    if (!live) return desk.past ? this.wrapUp(desk.past, true) : nothing;
    if (live.state === "ringing" || ownPart(live, this.own)?.role === "observer") return nothing;
    return this.wrapUp({ pop: live, context: desk.contexts.get(live.call.id) }, false);
  }

  private wrapUp(of: Pick<Closed, "pop" | "context">, over: boolean): TemplateResult {
    const { call } = of.pop;
    return html`<ctihub-wrap-up
      .callId=${call.id}
      .who=${this.whoWas(of)}
      .customers=${candidates(of.context)}
      .dispositions=${this.desk.dispositions}
      .writes=${this.desk.writes}
      .over=${over}
      @gone=${() => (this.unsaved = this.unsaved.filter(({ pop }) => pop.call.id !== call.id))}
    ></ctihub-wrap-up>`;
  }

  private banners(): TemplateResult {
    const words = strings();
    if (this.link === "lost") {
      return html`<div class="banners">
        <ui5-message-strip design="Negative" hide-close-button role="alert" data-testid="lost"
          >${words.banner.lost}</ui5-message-strip
        >
      </div>`;
    }
    return html`<div class="banners">
      ${this.desk.pbx
        .filter((pbx) => !pbx.connected)
        .map(
          (pbx) => html`<ui5-message-strip
            design="Critical"
            hide-close-button
            role="alert"
            data-testid="pbx-down"
            title=${pbx.reason}
            >${words.banner.pbx(pbx.name)}</ui5-message-strip
          >`,
        )}
      ${this.phoneIsGone()
        ? html`<ui5-message-strip design="Critical" hide-close-button role="alert" data-testid="phone-gone"
            >${words.agent.phoneGone}</ui5-message-strip
          >`
        : nothing}
    </div>`;
  }

  private phoneIsGone(): boolean {
    const devices = this.desk.status?.devices ?? [];
    return devices.length > 0 && devices.every(({ state }) => state === "unavailable");
  }

  private whoWas({ pop, context }: Pick<Closed, "pop" | "context">): string {
    const name = headline(pop.call, context);
    return context?.customers?.length ? name : readable(customerNumber(pop.call)) || name;
  }

  private idle(): TemplateResult | typeof nothing {
    if (this.link === "connecting" && !this.desk.agent) return nothing;
    const words = strings().call;
    const blind = this.link === "lost" || (this.desk.pbx.length > 0 && this.desk.pbx.every((pbx) => !pbx.connected));
    return html`<section class="idle" data-testid="idle">
      <ui5-icon name=${blind ? "disconnected" : "call"} mode="Decorative"></ui5-icon>
      <p>${blind ? words.blind : words.idle}</p>
      <p class="quiet">${blind ? words.blindHint : words.idleHint}</p>
    </section>`;
  }

  private announcement(): string {
    const pop = this.desk.pops.find((candidate) => candidate.state === "ringing");
    if (!pop) return "";
    const words = strings().call;
    const name = headline(pop.call, this.desk.contexts.get(pop.call.id));
    const number = readable(customerNumber(pop.call));
    return number && number !== name ? words.announce(name, number) : words.announceShort(name);
  }

  private received(frame: Frame): void {
    const before = this.desk;
    this.desk = after(before, frame, Date.now());
    if (startsToRing(before, frame)) this.leaveCustomer();
    if (frame.frame === "hello") {
      this.version ??= frame.version;
      if (this.version !== frame.version && frame.pops.length === 0) location.reload();
      suggestLanguage(frame.agent.language);
      learnAbilities(frame.commands ?? []);
      learnTitles(frame.titles ?? {});
      void this.history.look();
    }
    if (frame.frame === "hello") learnColleagues(frame.team ?? []);
    if (frame.frame === "team") learnColleagues(frame.members);
    if (frame.frame === "closed") this.closed();
    // Whoever has a parked call on the line again, wherever it was taken back, needs no reminder.
    if (frame.frame === "pop") this.parked = this.parked.filter(({ callId }) => callId !== frame.pop.call.id);
  }

  private closed(): void {
    const { lastClosed } = this.desk;
    if (!lastClosed) return;
    const { id } = lastClosed.pop.call;
    if (isBegun(draftOf(id)) && !this.unsaved.some(({ pop }) => pop.call.id === id)) {
      this.unsaved = [...this.unsaved, lastClosed];
    }
    if (lastClosed.context?.customers?.length) {
      this.names.set(lastClosed.pop.call.id, headline(lastClosed.pop.call, lastClosed.context));
      const oldest = this.names.keys().next();
      if (this.names.size > NAMES_KEPT && !oldest.done) this.names.delete(oldest.value);
    }
    this.history.expect();
    clearTimeout(this.closedTimer);
    clearTimeout(this.workTimer);
    this.workTimer = setTimeout(() => (this.desk = withoutPast(this.desk)), WORK_BEGINS_MS);
    this.closedTimer = setTimeout(() => (this.desk = { ...this.desk, lastClosed: undefined }), CLOSED_NOTICE_MS);
  }
}
