/** For supervisors: who does what since when, and a way into the calls. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Abilities } from "./abilities";
import { EachSecond } from "./clock";
import { Commands } from "./commands";
import { controls } from "./controls";
import { duration } from "./format";
import type { Monitoring, TeamMember } from "./frames";
import { Localized, strings } from "./language";
import { base, card } from "./styles";

@customElement("ctihub-team")
export class Team extends LitElement {
  static override styles = [
    base,
    card,
    controls,
    css`
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th {
        text-align: start;
        font-size: 0.75rem;
        font-weight: 400;
        color: var(--sapContent_LabelColor);
        padding: 0.25rem 0.75rem 0.25rem 0;
      }
      td {
        height: 2.75rem;
        padding: 0.25rem 0.75rem 0.25rem 0;
        border-top: 1px solid var(--sapList_BorderColor);
        overflow-wrap: anywhere;
      }
      .name {
        font-weight: 600;
      }
      .dot {
        display: inline-block;
        margin-inline-end: 0.5rem;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem;
        justify-content: end;
      }
      .actions button {
        min-height: 2rem;
        padding: 0 0.625rem;
      }
      .trouble {
        margin-bottom: 0.5rem;
      }
      @media (max-width: 40rem) {
        .wide {
          display: none;
        }
        .actions {
          display: grid;
        }
      }
    `,
  ];

  @property({ attribute: false }) members: readonly TeamMember[] = [];
  @property({ attribute: false }) own = "";
  @property({ type: Number, attribute: false }) clockAhead = 0;
  private readonly commands = new Commands(this);
  private readonly abilities = new Abilities(this);

  constructor() {
    super();
    new Localized(this);
    new EachSecond(this);
  }

  protected override render(): TemplateResult {
    const words = strings().team;
    const { problem } = this.commands;
    return html`<section class="card" data-testid="team" aria-label=${words.title}>
      <h3>${words.title}<span class="count">${this.members.length}</span></h3>
      ${problem ? html`<div class="trouble" role="alert" data-testid="team-trouble">${problem}</div>` : nothing}
      <table>
        <thead>
          <tr>
            <th scope="col">${words.name}</th>
            <th scope="col">${words.state}</th>
            <th scope="col">${words.since}</th>
            <th scope="col" class="wide">${words.queues}</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${this.members.map((member) => this.row(member))}
        </tbody>
      </table>
    </section>`;
  }

  private row(member: TeamMember): TemplateResult {
    const words = strings().agent;
    const state = words.state[member.state];
    return html`<tr data-testid="team-member" data-agent=${member.agent} data-state=${member.state}>
      <td class="name"><bdi>${member.name}</bdi></td>
      <td><span class="dot ${member.state}"></span><bdi>${member.reason ? words.because(state, member.reason) : state}</bdi></td>
      <td class="number">${duration(Date.now() + this.clockAhead - Date.parse(member.since))}</td>
      <td class="wide"><bdi>${(member.queues ?? []).join(", ")}</bdi></td>
      <td>${this.actions(member)}</td>
    </tr>`;
  }

  private actions({ agent, name, call_id }: TeamMember): TemplateResult | typeof nothing {
    if (!call_id || agent === this.own || !this.abilities.can("monitor")) return nothing;
    const words = strings().team;
    const ways: readonly (readonly [Monitoring, string])[] = [
      ["spy", words.listen],
      ["whisper", words.whisper],
      ["barge", words.barge],
    ];
    return html`<div class="actions">
      ${ways.map(
        ([mode, text]) => html`<button
          data-testid="monitor-${mode}"
          aria-label=${words.to(text, name)}
          aria-disabled=${String(this.commands.pending !== undefined)}
          @click=${() => void this.commands.give({ command: "monitor", call_id, target: agent, mode })}
          >${text}</button
        >`,
      )}
    </div>`;
  }
}
