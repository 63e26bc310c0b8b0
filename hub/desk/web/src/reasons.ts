/** Why the caller probably calls, and what is missing: one line that a glance takes in. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/alert.js";
import "@ui5/webcomponents-icons/dist/disconnected.js";
import "@ui5/webcomponents-icons/dist/high-priority.js";
import "@ui5/webcomponents-icons/dist/synchronize.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { attention, freshContact, isOwnCall, systemTitle } from "./customer";
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
        flex: 0 2.5 auto;
        min-width: 3rem;
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
        flex-shrink: 1;
      }
      .chip.tier {
        flex-shrink: 0;
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
      @media (max-width: 40rem) {
        :host {
          flex-wrap: wrap;
          height: 4.25rem;
          overflow: hidden;
        }
        .chip {
          max-width: 100%;
        }
      }
    `,
  ];

  /** Undefined where it is not known which customer calls. */
  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const now = Date.now() + this.clockAhead;
    const failed = (this.context?.answers ?? []).filter((answer) => answer.state === "failed");
    const contact = freshContact(this.context, now);
    return html`
      ${failed.length > 0 ? this.missing(failed) : nothing} ${this.customer ? this.told(this.customer, now) : nothing}
      ${contact ? this.contact(contact, now) : nothing} ${this.customer ? this.again(now) : nothing}
    `;
  }

  private told(customer: Customer, now: number): TemplateResult {
    const words = strings().attention;
    const { late, urgent } = attention(customer, now);
    return html`
      ${customer.tier ? this.tier(customer.tier) : nothing}
      ${late.length > 0
        ? chip("pop-late", "bad", "alert", words.late(late.length), late[0]?.value.description || late[0]?.value.id)
        : nothing}
      ${urgent.length > 0
        ? chip("pop-urgent", "bad", "high-priority", words.urgent(urgent.length), urgent[0]?.value.subject || urgent[0]?.value.id)
        : nothing}
    `;
  }

  /** What the customer was in touch about most often lately. */
  private again(now: number): TemplateResult | typeof nothing {
    const [most] = (this.context?.repeats ?? []).toSorted((one, other) => other.contacts - one.contacts);
    return most ? chip("pop-repeat", "missing", "synchronize", repeatText(most, now), most.reference) : nothing;
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
    ><ui5-icon name=${icon} mode="Decorative"></ui5-icon><span>${lead}${what ? html`: <bdi>${what}</bdi>` : nothing}</span></span
  >`;
}
