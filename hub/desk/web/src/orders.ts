import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { conflictMark } from "./conflict";
import { daysLate, openOrders, systemTitle } from "./customer";
import { day, fullText, money, provenance } from "./format";
import type { Order, SourcedOrder } from "./frames";
import { strings } from "./language";
import { repeatMark } from "./repeats";
import { RoomForRows } from "./room";

@customElement("ctihub-orders")
export class Orders extends CardList<SourcedOrder> {
  protected override readonly field = "orders";
  protected readonly room = new RoomForRows(this, 4.1);

  protected override words(): { title: string; none: string; noneSoFar: string } {
    return strings().orders;
  }

  protected override entries(): readonly SourcedOrder[] {
    return this.customer ? openOrders(this.customer, this.now) : [];
  }

  protected override footnote(): string {
    const closed = (this.customer?.orders ?? []).filter(({ value }) => value.open === false).length;
    return closed > 0 ? strings().orders.closed(closed) : "";
  }

  protected override row({ value: order, system, record, at }: SourcedOrder): TemplateResult {
    const title = systemTitle(system, this.answers);
    const name = order.description || order.id;
    return html`<li class="row" data-testid="order" title=${provenance(title, record, at)}>
      <div class="line">
        <span class="wrap"
          ><bdi class="main" title=${fullText(name)}>${name}</bdi>${conflictMark(this.customer, `orders.${order.id}`, name, this.answers)}</span
        >
        ${order.amount ? html`<span>${money(order.amount, order.currency ?? "")}</span>` : nothing}
      </div>
      <div class="line">
        <span class="wrap">${order.status ?? ""}</span>
        ${this.when(order)}
      </div>
      <div class="line source"><span class="wrap">${order.description ? html`<bdi>${order.id}</bdi> ` : nothing}${repeatMark(order.id, this.context, this.now)}</span><span>${title}</span></div>
    </li>`;
  }

  private when(order: Order): TemplateResult | typeof nothing {
    const words = strings().orders;
    const late = daysLate(order, this.now);
    if (late > 0) return html`<span class="alert" data-testid="order-late">${words.late(late)}</span>`;
    if (order.due_on) return html`<span class="quiet">${words.due(day(order.due_on, this.now))}</span>`;
    if (order.ordered_on) return html`<span class="quiet">${words.ordered(day(order.ordered_on, this.now))}</span>`;
    return nothing;
  }
}
