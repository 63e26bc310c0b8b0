import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { isUrgent, openCases, systemTitle } from "./customer";
import { day, provenance } from "./format";
import type { SourcedCase } from "./frames";
import { strings } from "./language";
import { RoomForRows } from "./room";

@customElement("ctihub-cases")
export class Cases extends CardList<SourcedCase> {
  protected readonly room = new RoomForRows(this, 4.4);

  protected override words(): { title: string; none: string; noneSoFar: string } {
    return strings().cases;
  }

  protected override entries(): readonly SourcedCase[] {
    return this.customer ? openCases(this.customer) : [];
  }

  protected override footnote(): string {
    const closed = (this.customer?.cases ?? []).filter(({ value }) => value.open === false).length;
    return closed > 0 ? strings().cases.closed(closed) : "";
  }

  protected override row({ value, system, record, at }: SourcedCase): TemplateResult {
    const words = strings().cases;
    const title = systemTitle(system, this.context?.answers ?? []);
    return html`<li class="row" data-testid="case" title=${provenance(title, record, at)}>
      <div class="line">
        <bdi class="main">${value.subject || value.id}</bdi>
        ${value.priority
          ? html`<span
              class=${isUrgent(value.priority) ? "alert" : "quiet"}
              data-testid="case-priority"
              aria-label=${words.priority(value.priority)}
              >${value.priority}</span
            >`
          : nothing}
      </div>
      <div class="line">
        <span class="wrap">${value.status ?? ""}</span>
        ${value.opened_on ? html`<span class="quiet">${words.opened(day(value.opened_on, this.now))}</span>` : nothing}
      </div>
      <div class="line source"><span class="wrap">${value.subject ? value.id : ""}</span><span>${title}</span></div>
    </li>`;
  }
}
