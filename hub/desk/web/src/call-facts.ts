/** What else is known of the call itself: recorded, muted, who handed it over, what was chosen in the IVR. */
import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { ownPart } from "./doing";
import type { Pop, TeamMember } from "./frames";
import { Localized, strings } from "./language";
import { base } from "./styles";

interface Fact {
  readonly key: string;
  readonly text: string;
  readonly name?: string;
}

@customElement("ctihub-call-facts")
export class CallFacts extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        min-width: 0;
      }
      ul {
        display: flex;
        justify-content: end;
        gap: 0.375rem;
        height: 1.75rem;
        overflow: hidden;
      }
      li {
        display: flex;
        align-items: center;
        gap: 0.3125rem;
        flex: 0 1 auto;
        min-width: 3rem;
        height: 1.75rem;
        padding: 0 0.625rem;
        border-radius: 0.5rem;
        border: 1px solid var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        font-size: 0.8125rem;
      }
      li[data-fact="recording"],
      li[data-fact="muted"] {
        flex-shrink: 0;
        font-weight: 600;
        color: var(--sapNegativeTextColor);
        border-color: currentColor;
      }
      li[data-fact="recording"]::before {
        content: "";
        width: 0.625rem;
        height: 0.625rem;
        border-radius: 50%;
        background: currentColor;
      }
      .name {
        color: var(--sapContent_LabelColor);
      }
      .name + bdi {
        flex-shrink: 0;
        max-width: 8rem;
      }
      @media (max-width: 72rem) {
        ul {
          justify-content: start;
        }
      }
      bdi {
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) pop!: Pop;
  /** The call is over: what was true only while it lasted is not said. */
  @property({ type: Boolean, attribute: false }) past = false;
  @property({ attribute: false }) agent = "";
  @property({ attribute: false }) team: ReadonlyMap<string, TeamMember> = new Map();

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    return html`<ul aria-label=${strings().facts.label} data-testid="facts">
      ${this.facts().map(
        ({ key, text, name }) => html`<li data-fact=${key} title=${name ? `${name}: ${text}` : text}>
          ${name ? html`<bdi class="name">${name}</bdi>` : ""}<bdi>${text}</bdi>
        </li>`,
      )}
    </ul>`;
  }

  private facts(): readonly Fact[] {
    const words = strings().facts;
    const { call } = this.pop;
    const facts: Fact[] = this.past ? [] : [...this.now()];
    const last = call.transfers?.at(-1);
    if (last && last.by_agent !== this.agent) {
      facts.push({ key: "handed-over", text: words.handedOver(this.name(last.by_agent ?? last.by_device)) });
    }
    for (const [name, text] of Object.entries(call.variables ?? {})) facts.push({ key: "variable", name, text });
    return facts;
  }

  private now(): readonly Fact[] {
    const words = strings().facts;
    const { call } = this.pop;
    const own = ownPart(this.pop, this.agent);
    const facts: Fact[] = [];
    if (call.recording === "on") facts.push({ key: "recording", text: words.recording });
    if (call.recording === "paused") facts.push({ key: "recording-paused", text: words.recordingPaused });
    if (own?.is_muted) facts.push({ key: "muted", text: words.muted });
    if (own?.monitoring) facts.push({ key: "monitoring", text: words.monitoring[own.monitoring] });
    if (call.parked) facts.push({ key: "parked", text: words.parked(call.parked) });
    if (call.conference) facts.push({ key: "conference", text: words.conference });
    facts.push(...this.others());
    return facts;
  }

  private others(): readonly Fact[] {
    const words = strings().facts;
    const others = (this.pop.call.connections ?? []).filter(
      (part) => part.agent && part.agent !== this.agent && part.state !== "null",
    );
    const listen = others.filter((part) => part.role === "observer");
    const talk = others.filter((part) => part.role !== "observer");
    const names = [...new Set(talk.map((part) => this.name(part.agent ?? part.device)))].join(", ");
    return [
      ...(names ? [{ key: "with", text: words.with(names) }] : []),
      ...listen.map((part) => ({ key: "listening", text: words.listening(this.name(part.agent ?? part.device)) })),
    ];
  }

  private readonly name = (agent: string): string => this.team.get(agent)?.name ?? agent;
}
