import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { conflictMark } from "./conflict";
import { systemTitle } from "./customer";
import { day, daysSince, money, provenance } from "./format";
import type { Invoice, SourcedInvoice } from "./frames";
import { strings } from "./language";

@customElement("ctihub-bills")
export class Bills extends CardList<SourcedInvoice> {
  protected override readonly isLow = true;
  protected readonly room = { rows: 2 };

  protected override words(): { title: string; none: string } {
    return strings().bills;
  }

  /** What is due first comes first. */
  protected override entries(): readonly SourcedInvoice[] {
    return (this.customer?.invoices ?? [])
      .filter(({ value }) => value.open !== false)
      .toSorted(({ value: one }, { value: other }) => (one.due_on ?? "9999").localeCompare(other.due_on ?? "9999"));
  }

  protected override footnote(): string {
    const closed = (this.customer?.invoices ?? []).filter(({ value }) => value.open === false).length;
    return closed > 0 ? strings().bills.closed(closed) : "";
  }

  protected override beside(): TemplateResult | typeof nothing {
    const balances = this.customer?.balances ?? [];
    if (balances.length === 0) return nothing;
    const words = strings().bills;
    return html`<span class="beside" data-testid="balance"
      >${balances.map(({ value: { amount, currency = "" }, system, record, at }, index) => {
        const inFavour = amount.startsWith("-");
        const text = money(amount.replace(/^-/, ""), currency);
        const title = provenance(systemTitle(system, this.answers), record, at);
        return html`${index > 0 ? " · " : ""}<span class=${inFavour || Number(amount) === 0 ? "quiet" : "alert"} title=${title}
            >${inFavour ? words.credit(text) : words.balance(text)}</span
          >`;
      })}</span
    >`;
  }

  protected override row({ value: invoice, system, record, at }: SourcedInvoice): TemplateResult {
    const words = strings().bills;
    const title = systemTitle(system, this.answers);
    const { id, amount = "", remaining = "", currency = "", status } = invoice;
    const isPartly = remaining !== "" && amount !== "" && remaining !== amount;
    return html`<li class="row" data-testid="invoice" title=${provenance(title, record, at)}>
      <div class="line">
        <span class="wrap"
          ><bdi class="main">${id}</bdi>${conflictMark(this.customer, `invoices.${id}`, id, this.answers)} ${this.when(invoice)}</span
        >
        <span>${remaining || amount ? money(remaining || amount, currency) : ""}</span>
      </div>
      <div class="line source">
        <bdi class="wrap">${[status, isPartly ? words.of(money(amount, currency)) : ""].filter(Boolean).join(" · ")}</bdi
        ><span>${title}</span>
      </div>
    </li>`;
  }

  private when({ due_on: due }: Invoice): TemplateResult | typeof nothing {
    if (!due) return nothing;
    const words = strings().bills;
    const over = daysSince(due, this.now) ?? 0;
    return over > 0
      ? html`<span class="alert" data-testid="overdue">${words.overdue(over)}</span>`
      : html`<span class="quiet">${words.due(day(due, this.now))}</span>`;
  }
}
