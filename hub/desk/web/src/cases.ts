import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { conflictMark } from "./conflict";
import { daysOverTarget, isUrgent, openCases, systemTitle } from "./customer";
import { day, fullText, provenance } from "./format";
import type { Case, SourcedCase } from "./frames";
import { strings } from "./language";
import { repeatMark } from "./repeats";
import { RoomForRows } from "./room";

@customElement("ctihub-cases")
export class Cases extends CardList<SourcedCase> {
  protected override readonly field = "cases";
  protected readonly room = new RoomForRows(this, 4.1);

  protected override words(): { title: string; none: string; noneSoFar: string } {
    return strings().cases;
  }

  protected override entries(): readonly SourcedCase[] {
    return this.customer ? openCases(this.customer, this.now) : [];
  }

  protected override footnote(): string {
    const closed = (this.customer?.cases ?? []).filter(({ value }) => value.open === false).length;
    return closed > 0 ? strings().cases.closed(closed) : "";
  }

  protected override row({ value, system, record, at }: SourcedCase): TemplateResult {
    const words = strings();
    const title = systemTitle(system, this.answers);
    const name = value.subject || value.id;
    const owner = value.owner ? words.target.owner(value.owner) : "";
    return html`<li class="row" data-testid="case" title=${provenance(title, record, at)}>
      <div class="line">
        <span class="wrap"
          ><bdi class="main" title=${fullText(name)}>${name}</bdi>${conflictMark(this.customer, `cases.${value.id}`, name, this.answers)}</span
        >
        ${value.priority
          ? html`<span
              class=${isUrgent(value.priority) ? "alert" : "quiet"}
              data-testid="case-priority"
              aria-label=${words.cases.priority(value.priority)}
              >${value.priority}</span
            >`
          : nothing}
      </div>
      <div class="line">
        <bdi class="wrap">${[value.status, owner, value.product].filter(Boolean).join(" · ")}</bdi>
        ${this.when(value)}
      </div>
      <div class="line source">
        <span class="wrap">${value.subject ? html`<bdi>${value.id}</bdi> ` : nothing}${repeatMark(value.id, this.context, this.now)}</span
        ><span>${title}</span>
      </div>
    </li>`;
  }

  private when(value: Case): TemplateResult | typeof nothing {
    const words = strings();
    const over = daysOverTarget(value, this.now);
    if (over > 0) return html`<span class="alert" data-testid="case-over">${words.target.over(over)}</span>`;
    if (value.opened_on) {
      const target = value.target_on ? words.target.by(day(value.target_on, this.now)) : nothing;
      return html`<span class="quiet" title=${target}>${words.cases.opened(day(value.opened_on, this.now))}</span>`;
    }
    return value.target_on ? html`<span class="quiet">${words.target.by(day(value.target_on, this.now))}</span>` : nothing;
  }
}
