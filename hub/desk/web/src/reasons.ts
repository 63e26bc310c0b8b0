/** Why the caller probably calls, and what is missing: one line that a glance takes in. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/alert.js";
import "@ui5/webcomponents-icons/dist/disconnected.js";
import "@ui5/webcomponents-icons/dist/group.js";
import "@ui5/webcomponents-icons/dist/high-priority.js";
import "@ui5/webcomponents-icons/dist/synchronize.js";
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { attention, freshContact, isOthersToo, isOwnCall, systemTitle } from "./customer";
import { moment, provenance } from "./format";
import type { BackendAnswer, Customer, CustomerContext, Interaction, SourcedStr } from "./frames";
import { channelIcon } from "./channels";
import { Localized, strings } from "./language";
import { repeatText } from "./repeats";
import { base } from "./styles";

@customElement("ctihub-reasons")
export class Reasons extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: flex;
        gap: 0.5rem;
        margin-top: 0.625rem;
        height: 1.875rem;
        color: inherit;
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        /* As narrow as what leads it, and no narrower: how many are late is read whatever else there is to say. */
        flex: 0 1 auto;
        max-width: 26rem;
        height: 1.875rem;
        border-radius: 1rem;
        padding: 0 0.75rem;
        font-weight: 600;
        border: 1px solid currentColor;
        background: var(--sapTile_Background);
        color: var(--sapTextColor);
      }
      .chip.bad {
        background: var(--sapErrorBackground);
        color: var(--sapNegativeTextColor);
      }
      .chip.missing {
        background: var(--sapWarningBackground);
        color: var(--sapCriticalTextColor);
      }
      .chip.tier {
        max-width: 14rem;
      }
      ui5-icon {
        color: inherit;
        flex: none;
      }
      .chip span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .chip .lead {
        flex: none;
        max-width: 100%;
      }
      /* May be broken anywhere, so that it asks for no room of its own, and is cut after its first line. */
      .chip .what {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 1;
        white-space: normal;
        overflow-wrap: anywhere;
      }
      @media (max-width: 56rem) {
        :host {
          flex-wrap: wrap;
          height: 4.25rem;
          overflow: hidden;
        }
        .chip {
          max-width: min(18rem, 100%);
        }
      }
      @media (max-width: 40rem) {
        /* Two in a line, one with the line's room to itself where it is alone there. */
        .chip {
          flex: 1 1 12.5rem;
          max-width: max-content;
        }
      }
    `,
  ];

  /** Undefined where it is not known which customer calls. */
  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  /** In the order in which they came: none makes way for one that comes later. */
  private came: readonly string[] = [];

  constructor() {
    super();
    new Localized(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("context");
    if (before && before.call_id !== this.context?.call_id) this.came = [];
  }

  protected override render(): TemplateResult {
    const chips = new Map(this.chips(Date.now() + this.clockAhead));
    this.came = [...this.came.filter((name) => chips.has(name)), ...[...chips.keys()].filter((name) => !this.came.includes(name))];
    return html`${repeat(
      this.came,
      (name) => name,
      (name) => chips.get(name),
    )}`;
  }

  /** The most telling first. */
  private *chips(now: number): Iterable<readonly [string, TemplateResult]> {
    const { customer, context } = this;
    const words = strings().attention;
    if (customer && isOthersToo(context)) yield ["shared", chip("pop-shared", "missing", "group", words.shared, "")];
    if (customer?.tier) yield ["tier", this.tier(customer.tier)];
    const { late, urgent } = customer ? attention(customer, now) : { late: [], urgent: [] };
    if (late.length > 0) {
      const what = late[0]?.value.description || late[0]?.value.id;
      yield ["late", chip("pop-late", "bad", "alert", words.late(late.length), what)];
    }
    if (urgent.length > 0) {
      const what = urgent[0]?.value.subject || urgent[0]?.value.id;
      yield ["urgent", chip("pop-urgent", "bad", "high-priority", words.urgent(urgent.length), what)];
    }
    const contact = freshContact(context, now);
    if (contact) yield ["contact", this.contact(contact, now)];
    // What the customer was in touch about most often lately.
    const [most] = customer ? (context?.repeats ?? []).toSorted((one, other) => other.contacts - one.contacts) : [];
    if (most) yield ["repeat", chip("pop-repeat", "missing", "synchronize", repeatText(most, now), most.reference)];
    const failed = (context?.answers ?? []).filter((answer) => answer.state === "failed");
    if (failed.length > 0) yield ["missing", this.missing(failed)];
  }

  private tier({ value, system, record, at }: SourcedStr): TemplateResult {
    const title = provenance(systemTitle(system, this.context?.answers ?? []), record, at);
    return html`<span class="chip tier" data-testid="pop-tier" title=${title}><span dir="auto">${value}</span></span>`;
  }

  private contact(contact: Interaction, now: number): TemplateResult {
    const lead = `${strings().history.channel[contact.channel]}, ${moment(contact.at, now)}`;
    return chip("pop-contact", "", channelIcon(contact.channel), lead, isOwnCall(contact) ? "" : contact.subject);
  }

  private missing(failed: readonly BackendAnswer[]): TemplateResult {
    const systems = failed.map((answer) => answer.title || answer.connector).join(", ");
    return chip("pop-missing", "missing", "disconnected", strings().attention.missing, systems);
  }
}

function chip(testId: string, look: string, icon: string, lead: string, what: string | undefined): TemplateResult {
  const text = what ? `${lead}: ${what}` : lead;
  return html`<span class="chip ${look}" data-testid=${testId} title=${text}
    ><ui5-icon name=${icon} mode="Decorative"></ui5-icon
    ><span class="lead">${lead}${what ? ":" : nothing}</span>${what ? html` <span class="what" dir="auto">${what}</span>` : nothing}</span
  >`;
}
