/** Where to with the call, or whom to add: a number, or a colleague and whether they are free; at once or after asking. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Abilities } from "./abilities";
import { EachSecond } from "./clock";
import type { Wish } from "./commands";
import { controls } from "./controls";
import { dialable } from "./dialable";
import { duration } from "./format";
import type { AgentState, TeamMember } from "./frames";
import { Localized, strings } from "./language";
import { base } from "./styles";

const FREE_FIRST: Record<AgentState, number> = { ready: 0, after_call_work: 1, busy: 2, not_ready: 3, logged_off: 4 };
const SHOWN = 12;

type Way = "consult" | "transfer" | "conference";

@customElement("ctihub-transfer")
export class TransferPanel extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      input {
        flex: 1 1 12rem;
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr));
        gap: 0.375rem;
        margin-top: 0.5rem;
      }
      li button {
        width: 100%;
        justify-content: start;
        font-weight: 400;
      }
      li bdi {
        font-weight: 600;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      li .what {
        margin-inline-start: auto;
        color: var(--sapContent_LabelColor);
        overflow: hidden;
        text-overflow: ellipsis;
      }
    `,
  ];

  @property({ attribute: false }) callId = "";
  @property({ attribute: false }) agent = "";
  @property({ attribute: false }) team: ReadonlyMap<string, TeamMember> = new Map();
  @property({ type: Boolean, attribute: false }) waits = false;
  /** Somebody is called into the conference instead. */
  @property({ type: Boolean, attribute: false }) adds = false;
  @property({ type: Number, attribute: false }) clockAhead = 0;
  @state() private typed = "";
  @state() private chosen: TeamMember | undefined;
  @query("input") private readonly field!: HTMLInputElement;
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override firstUpdated(): void {
    this.field.focus();
  }

  protected override render(): TemplateResult {
    const words = strings().control;
    const to = this.target();
    return html`<form @submit=${(event: Event) => this.submit(event)}>
        <input
          autocomplete="off"
          maxlength="64"
          data-testid="transfer-to"
          aria-label=${words.to}
          placeholder=${words.to}
          .value=${this.chosen?.name ?? this.typed}
          @input=${(event: InputEvent) => this.type((event.target as HTMLInputElement).value)}
        />
        ${this.ways().map(
          ([command, text], number) => html`<button
            type=${number === 0 ? "submit" : "button"}
            data-testid="to-${command}"
            ?disabled=${!to}
            aria-disabled=${String(this.waits)}
            @click=${number === 0 ? nothing : () => this.ask(command)}
            >${text}</button
          >`,
        )}
      </form>
      <ul aria-label=${words.colleagues}>
        ${this.colleagues().map((member) => this.colleague(member))}
      </ul>`;
  }

  /** The first is what Enter does. */
  private ways(): readonly (readonly [Way, string])[] {
    const words = strings().control;
    const ways: readonly (readonly [Way, string])[] = this.adds
      ? [["conference", words.add]]
      : [
          ["consult", words.askFirst],
          ["transfer", words.transferNow],
        ];
    return ways.filter(([command]) => this.abilities.can(command));
  }

  private colleague(member: TeamMember): TemplateResult {
    const since = duration(Date.now() + this.clockAhead - Date.parse(member.since));
    const text = strings().agent.state[member.state];
    return html`<li>
      <button
        data-testid="colleague"
        data-agent=${member.agent}
        aria-pressed=${String(this.chosen?.agent === member.agent)}
        @click=${() => (this.chosen = member)}
      >
        <span class="dot ${member.state}"></span><bdi>${member.name}</bdi><span class="what">${text} ${since}</span>
      </button>
    </li>`;
  }

  private colleagues(): readonly TeamMember[] {
    const wanted = this.chosen ? "" : this.typed.trim().toLowerCase();
    return [...this.team.values()]
      .filter(({ agent, number }) => agent !== this.agent && number)
      .filter(({ name, number = "" }) => name.toLowerCase().includes(wanted) || number.startsWith(wanted))
      .sort((one, other) => FREE_FIRST[one.state] - FREE_FIRST[other.state] || one.name.localeCompare(other.name))
      .slice(0, SHOWN);
  }

  private type(text: string): void {
    this.typed = text;
    this.chosen = undefined;
  }

  /** Whom the field names: the colleague chosen, the only one of that name, or the number typed. */
  private target(): string | undefined {
    if (this.chosen) return this.chosen.number;
    const named = [...this.team.values()].filter(({ name }) => name.toLowerCase() === this.typed.trim().toLowerCase());
    return named.length === 1 && named[0]?.number ? named[0].number : dialable(this.typed);
  }

  private submit(event: Event): void {
    event.preventDefault();
    const [first] = this.ways();
    if (first) this.ask(first[0]);
  }

  private ask(command: Way): void {
    const to = this.target();
    if (!to || this.waits) return;
    this.dispatchEvent(new CustomEvent<Wish>("wish", { detail: { command, call_id: this.callId, to } }));
  }
}
