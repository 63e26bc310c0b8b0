/** How to reach the customer, and what the customer is called elsewhere; each value says which system told it. */
import "@ui5/webcomponents/dist/Button.js";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { asWords } from "./as-words";
import { conflictMark } from "./conflict";
import { birthday, isPending, systemTitle } from "./customer";
import "./dial-number";
import { day, isOver, isYetToCome, languageName, money, provenance, regionName } from "./format";
import type { Address, Customer, CustomerContext } from "./frames";
import { Localized, strings } from "./language";
import { RoomForRows } from "./room";
import { base, card, skeleton } from "./styles";

interface Told {
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
}

interface Line {
  readonly text: string;
  readonly label?: string | undefined;
  readonly from?: Told;
  readonly isNumber?: boolean;
  readonly validity?: Validity;
}

interface Fact {
  readonly field: string;
  readonly name: string;
  readonly lines: readonly Line[];
}

interface Validity {
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
  readonly verified?: boolean;
  readonly shared?: boolean;
}

/** A row of the cards beside is so many lines high, and a line has about so many characters. */
const LINES_OF_A_ROW = 3.2;
const CHARACTERS = 30;
/** Fields that need no name beside them. */
const PLAIN: ReadonlySet<string> = new Set(["phones", "emails", "addresses"]);

@customElement("ctihub-details")
export class Details extends LitElement {
  static override styles = [
    base,
    card,
    skeleton,
    css`
      dl {
        display: grid;
        grid-template-columns: minmax(auto, 5.5rem) minmax(0, 1fr);
        gap: 0.25rem 0.625rem;
        position: relative;
        align-items: baseline;
      }
      dt {
        grid-column: 1;
        font-size: 0.75rem;
        color: var(--sapContent_LabelColor);
        overflow-wrap: anywhere;
      }
      dd {
        grid-column: 2;
        overflow-wrap: anywhere;
        text-align: left;
      }
      /* What it is of a number or an address can be seen. */
      dt.plain {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
      dt.plain ~ dd.plain {
        grid-column: 1 / -1;
      }
      .over {
        --number-color: var(--sapContent_LabelColor);
        color: var(--sapContent_LabelColor);
      }
      .over .value {
        text-decoration: line-through;
      }
      .hidden {
        margin: 0.25rem 0 0;
        font-size: 0.75rem;
        color: var(--sapContent_LabelColor);
        overflow-wrap: anywhere;
      }
      .mark {
        font-size: 0.75rem;
        color: var(--sapContent_LabelColor);
        text-decoration: none;
      }
    `,
  ];

  @property({ attribute: false }) customer: Customer | undefined;
  @property({ attribute: false }) context: CustomerContext | undefined;
  @property({ type: Number, attribute: false }) clockAhead = 0;

  /** The customer all of whose data is shown, by a call or a page. */
  @state() private wholeFor: string | undefined;
  private readonly room = new RoomForRows(this, 4.1);

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    const words = strings().details;
    const { customer } = this;
    return html`<section class="card" data-testid="details">
      <h3>${words.title}</h3>
      ${customer ? this.facts(customer) : this.empty()}
    </section>`;
  }

  private empty(): TemplateResult {
    return isPending(this.context)
      ? html`<span class="skeleton"></span><span class="skeleton short"></span>`
      : html`<p class="empty">${strings().details.none}</p>`;
  }

  private facts(customer: Customer): TemplateResult {
    const words = strings();
    const { language, owner, segment, value, birth_date: born, department } = customer;
    const now = this.now;
    const facts: readonly Fact[] = [
      { field: "phones", name: words.details.phones, lines: byValidity(customer.phones, now).map((from) => ({ text: from.value.number, label: from.value.label, from, isNumber: true, validity: from.value })) },
      { field: "emails", name: words.details.emails, lines: byValidity(customer.emails, now).map((from) => ({ text: from.value.address, label: from.value.label, from, validity: from.value })) },
      { field: "addresses", name: words.details.address, lines: byValidity(customer.addresses, now).map((from) => ({ text: postal(from.value), label: from.value.label, from, validity: from.value })) },
      { field: "language", name: words.details.language, lines: language ? [{ text: languageName(language.value), from: language }] : [] },
      { field: "owner", name: words.details.owner, lines: owner ? [{ text: owner.value, from: owner }] : [] },
      { field: "segment", name: words.contact.segment, lines: segment ? [{ text: segment.value, from: segment }] : [] },
      { field: "value", name: words.contact.value, lines: value ? [{ text: money(value.value.amount, value.value.currency ?? ""), from: value }] : [] },
      ...this.own(customer),
      { field: "ids", name: words.details.ids, lines: this.ids(customer).map(([system, id]) => ({ text: `${this.titleOf(system)} ${id}` })) },
      { field: "department", name: words.contact.department, lines: department ? [{ text: department.value, from: department }] : [] },
      { field: "birth_date", name: words.contact.born, lines: born ? [{ text: birthday(customer, now), from: born }] : [] },
    ];
    const there = facts.filter(({ lines }) => lines.length > 0);
    const whole = this.context !== undefined && this.wholeFor === this.context.call_id;
    const shown = whole ? there : this.fitting(there);
    const hidden = there.length - shown.length;
    return html`<dl>
        ${shown.map((fact) => this.fact(fact))}
      </dl>
      ${hidden > 0 || whole
        ? html`<ui5-button
            design="Transparent"
            data-testid="more-details"
            @click=${() => (this.wholeFor = whole ? undefined : this.context?.call_id)}
            >${whole ? words.orders.less : words.orders.more(hidden)}</ui5-button
          >`
        : nothing}
      ${this.notShown(customer)}`;
  }

  /** A site's own fields, by what the mapping calls them; where two systems have one of a name, each with its system. */
  private own(customer: Customer): readonly Fact[] {
    const all = Object.entries(customer.extra ?? {}).map(([key, from]) => ({ key, from, name: key.slice(key.indexOf(".") + 1) }));
    return all.map(({ key, from, name }) => {
      const others = all.filter((other) => other.name === name).length > 1;
      const title = others ? `${asWords(name)} (${this.titleOf(from.system)})` : asWords(name);
      return { field: `extra.${key}`, name: title, lines: [{ text: from.value, from }] };
    });
  }

  /** What the hub knows and this page does not show, or not whole, and why. */
  private notShown(customer: Customer): readonly TemplateResult[] {
    const words = strings().hidden;
    const hidden = customer.hidden ?? [];
    return (["role", "consent"] as const).flatMap((reason) => {
      const names = hidden.filter((one) => one.reason === reason).map(({ field }) => words.field(field));
      return names.length > 0
        ? [html`<p class="hidden" data-testid="hidden" data-reason=${reason}>${words[reason](names.join(", "))}</p>`]
        : [];
    });
  }

  /** As many as there is room for beside the other cards; the first lines of each long fact count. */
  private fitting(facts: readonly Fact[]): readonly Fact[] {
    let room = this.room.rows * LINES_OF_A_ROW;
    const shown: Fact[] = [];
    for (const fact of facts) {
      const needs = fact.lines.reduce((sum, { text, label = "" }) => sum + Math.ceil((text.length + label.length) / CHARACTERS), 0);
      if (shown.length > 0 && needs > room) break;
      room -= needs;
      shown.push(fact);
    }
    return shown;
  }

  private fact({ field, name, lines }: Fact): TemplateResult {
    const mark = conflictMark(this.customer, field, name, this.context?.answers ?? []);
    const look = PLAIN.has(field) && mark === nothing ? "plain" : "";
    return html`<dt class=${look}>${name}${mark}</dt>
      ${lines.map((line) => this.line(line, look))}`;
  }

  private line({ text, label, from, isNumber, validity }: Line, look: string): TemplateResult {
    const over = isOver(validity?.valid_until, this.now);
    const marks = [label, ...this.marks(validity)].filter(Boolean).join(" · ");
    return html`<dd
      dir="auto"
      class="${look} ${over ? "over" : ""}"
      data-testid=${over ? "expired" : nothing}
      title=${from ? provenance(this.titleOf(from.system), from.record, from.at) : ""}
    >
      <span class="value">${isNumber ? html`<ctihub-number .number=${text} .customer=${this.customer}></ctihub-number>` : text}</span>${marks
        ? html` <span class="mark"><bdi>${marks}</bdi></span>`
        : nothing}
    </dd>`;
  }

  private marks(validity: Validity | undefined): readonly string[] {
    const words = strings().contact;
    if (!validity) return [];
    const { valid_from: from, valid_until: until, verified, shared } = validity;
    return [
      verified ? words.verified : "",
      shared ? words.shared : "",
      isOver(until, this.now) ? words.expired(day(until ?? "", this.now)) : "",
      isYetToCome(from, this.now) ? words.notYet(day(from ?? "", this.now)) : "",
    ];
  }

  private get now(): number {
    return Date.now() + this.clockAhead;
  }

  /** The systems asked come first; the same number under a name that only programs know is not said twice. */
  private ids(customer: Customer): readonly (readonly [string, string])[] {
    const asked = new Set((this.context?.answers ?? []).map((answer) => answer.connector));
    const all = Object.entries(customer.ids);
    const own = all.filter(([system]) => asked.has(system));
    const said = new Set(own.map(([, id]) => id));
    return [...own, ...all.filter(([system, id]) => !asked.has(system) && !said.has(id))];
  }

  private titleOf(system: string): string {
    return systemTitle(system, this.context?.answers ?? []);
  }
}

/** What is valid today stands above what was, or will be. */
function byValidity<Point extends { readonly value: Validity }>(
  points: readonly Point[] | undefined,
  now: number,
): readonly Point[] {
  const rank = ({ value }: Point): number =>
    isOver(value.valid_until, now) ? 2 : isYetToCome(value.valid_from, now) ? 1 : 0;
  return (points ?? []).toSorted((one, other) => rank(one) - rank(other));
}

function postal(address: Address): string {
  const town = [address.postcode, address.locality].filter(Boolean).join(" ");
  return [address.street, town, address.country && regionName(address.country)].filter(Boolean).join(", ");
}
