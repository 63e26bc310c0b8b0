/** The agent's finished calls of today, the newest first. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/incoming-call.js";
import "@ui5/webcomponents-icons/dist/outgoing-call.js";
import "@ui5/webcomponents-icons/dist/phone.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { customerNumber, networkName, readable } from "./customer";
import "./dial-number";
import { clockTime, duration } from "./format";
import type { CallLogEntry, Direction } from "./frames";
import { Localized, strings } from "./language";
import { base, card } from "./styles";

const ICONS: Record<Direction, string> = { inbound: "incoming-call", outbound: "outgoing-call", internal: "phone" };

@customElement("ctihub-call-log")
export class CallLog extends LitElement {
  static override styles = [
    base,
    card,
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
        padding: 0.4375rem 0.75rem 0.4375rem 0;
        border-top: 1px solid var(--sapList_BorderColor);
        vertical-align: baseline;
        overflow-wrap: anywhere;
      }
      .who {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .end {
        text-align: end;
        padding-inline-end: 0;
      }
      ui5-icon {
        vertical-align: text-bottom;
        margin-inline-end: 0.375rem;
        color: var(--sapContent_NonInteractiveIconColor);
      }
      .missed {
        color: var(--sapNegativeTextColor);
        font-weight: 600;
      }
      @media (max-width: 40rem) {
        .wide {
          display: none;
        }
      }
    `,
  ];

  /** Undefined while they can't be had. */
  @property({ attribute: false }) entries: readonly CallLogEntry[] | undefined = [];
  /** Names by call id of calls that this page has seen: where several customers share a number, the one chosen. */
  @property({ attribute: false }) names: ReadonlyMap<string, string> = new Map();
  @property({ attribute: false }) agent = "";

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings().log;
    return html`<section class="card" data-testid="log">
      <h3>${words.title}${this.entries?.length ? html`<span class="count">${this.entries.length}</span>` : nothing}</h3>
      ${this.entries === undefined
        ? html`<p class="empty" role="status" data-testid="log-failed">${words.failed}</p>`
        : this.entries.length === 0
          ? html`<p class="empty">${words.empty}</p>`
          : this.table(this.entries)}
    </section>`;
  }

  private table(entries: readonly CallLogEntry[]): TemplateResult {
    const words = strings().log;
    return html`<table>
      <thead>
        <tr>
          <th scope="col">${words.time}</th>
          <th scope="col">${words.who}</th>
          <th scope="col" class="wide">${words.number}</th>
          <th scope="col" class="wide">${words.queue}</th>
          <th scope="col">${words.result}</th>
          <th scope="col" class="end">${words.talk}</th>
        </tr>
      </thead>
      <tbody>
        ${entries.map((entry) => this.row(entry))}
      </tbody>
    </table>`;
  }

  private row(entry: CallLogEntry): TemplateResult {
    const words = strings();
    const { call } = entry;
    const number = customerNumber(call);
    const anonymous = number.anonymous ? words.caller.anonymous : "";
    const customer = this.names.get(call.id) || entry.customer;
    const who = customer || networkName(call) || anonymous || readable(number) || words.caller.unknown;
    return html`<tr data-testid="log-row" data-call=${call.id}>
      <td class="number">
        <ui5-icon name=${ICONS[call.direction]} mode="Image" accessible-name=${words.log[call.direction]}></ui5-icon
        ><time datetime=${call.started_at}>${clockTime(call.started_at)}</time>
      </td>
      <td class="who"><bdi>${who}</bdi></td>
      <td class="number wide"><ctihub-number .number=${readable(number)}></ctihub-number></td>
      <td class="wide">${call.queue ?? ""}</td>
      <td class=${call.outcome === "answered" ? "" : "missed"} title=${call.cause ? words.log.cause[call.cause] : ""}>
        ${this.result(entry)}
      </td>
      <td class="number end">${this.talkTime(entry)}</td>
    </tr>`;
  }

  private result({ call, answered_by = [] }: CallLogEntry): string {
    const words = strings().log;
    if (answered_by.length > 0 && !answered_by.includes(this.agent)) return words.elsewhere;
    return words.outcome[call.outcome ?? "unknown"];
  }

  private talkTime({ call, answered_by = [] }: CallLogEntry): string {
    if (!answered_by.includes(this.agent)) return "";
    const own = call.connections?.find((part) => part.agent === this.agent && part.connected_at);
    const from = own?.connected_at ?? call.answered_at;
    const until = own?.ended_at ?? call.ended_at;
    return from && until ? duration(Date.parse(until) - Date.parse(from)) : "";
  }
}
