import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { conflictMark } from "./conflict";
import { systemTitle } from "./customer";
import { day, daysSince, fullText, isOver, provenance } from "./format";
import type { Product, SourcedProduct } from "./frames";
import { strings } from "./language";

/** From so many days before its end a warranty is worth the agent's eye. */
const SOON_DAYS = 60;

/** When a warranty ends that still holds, in days from now; undefined where none does. */
export function warrantyEndsIn(product: Product, now: number): number | undefined {
  const past = daysSince(product.warranty_until ?? "", now);
  return past === undefined || past > 0 ? undefined : -past;
}

@customElement("ctihub-products")
export class Products extends CardList<SourcedProduct> {
  static override styles = [
    CardList.styles,
    css`
      .soon {
        color: var(--sapCriticalTextColor);
        font-weight: 600;
      }
    `,
  ];

  protected override readonly isLow = true;
  protected readonly room = { rows: 2 };

  protected override words(): { title: string; none: string } {
    return strings().products;
  }

  /** Those whose warranty ends next come first, then those without, the newest first. */
  protected override entries(): readonly SourcedProduct[] {
    const ends = ({ value }: SourcedProduct): number => warrantyEndsIn(value, this.now) ?? Infinity;
    const bought = ({ value }: SourcedProduct): string => value.bought_on ?? "";
    return (this.customer?.products ?? []).toSorted(
      (one, other) => compare(ends(one), ends(other)) || bought(other).localeCompare(bought(one)),
    );
  }

  protected override row({ value: product, system, record, at }: SourcedProduct): TemplateResult {
    const title = systemTitle(system, this.answers);
    const words = strings().products;
    const about = [
      product.status,
      product.bought_on ? words.bought(day(product.bought_on, this.now), product.bought_from ?? "") : product.bought_from,
      product.serial_number ? words.serial(product.serial_number) : "",
      product.place,
    ];
    return html`<li class="row" data-testid="product" title=${provenance(title, record, at)}>
      <div class="line">
        <span class="wrap"
          ><bdi class="main" title=${fullText(product.name)}>${product.name}</bdi>${product.model && product.model !== product.name
            ? html` <bdi>${product.model}</bdi>`
            : nothing}${conflictMark(this.customer, `products.${product.id}`, product.name, this.answers)}</span
        >
        ${this.until(product)}
      </div>
      <div class="line source"><bdi class="wrap">${about.filter(Boolean).join(" · ")}</bdi><span>${title}</span></div>
    </li>`;
  }

  private until(product: Product): TemplateResult | typeof nothing {
    const words = strings().products;
    const { warranty_until: warranty, ends_on: end } = product;
    const left = warrantyEndsIn(product, this.now);
    if (left !== undefined && left <= SOON_DAYS) {
      return html`<span class="soon" data-testid="warranty">${words.warrantyEnds(left)}</span>`;
    }
    if (warranty) {
      const when = day(warranty, this.now);
      return html`<span class="quiet" data-testid="warranty">${left === undefined ? words.warrantyOver(when) : words.warrantyUntil(when)}</span>`;
    }
    if (!end) return nothing;
    const when = day(end, this.now);
    return html`<span class="quiet">${isOver(end, this.now) ? words.ended(when) : words.endsOn(when)}</span>`;
  }
}

const compare = (one: number, other: number): number => (one === other ? 0 : one < other ? -1 : 1);
