/** Records of different customers that may be one: how sure that is, why, and what the agent says. */
import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { controls } from "./controls";
import { customerName, systemTitle } from "./customer";
import type { CustomerContext, Reason, RecordMatch, RecordRef } from "./frames";
import { percent } from "./format";
import { customerOf, want } from "./identity";
import { Localized, strings } from "./language";
import { base } from "./styles";

/** `same verified phone (+49 711 58012345)`, what speaks against it with a minus. */
export function reasonsText(reasons: readonly Reason[] | undefined): string {
  const words = strings().identity;
  return (reasons ?? [])
    .map(({ rule, score, detail }) => `${score < 0 ? "− " : ""}${words.rule(rule)}${detail ? ` (${detail})` : ""}`)
    .join("; ");
}

@customElement("ctihub-maybe-same")
export class MaybeSame extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: 0.375rem;
      }
      .pair {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.375rem 0.75rem;
        padding: 0.5rem 0.875rem;
        border-radius: 0.75rem;
        border: 1px dashed var(--sapGroup_ContentBorderColor);
        background: var(--sapTile_Background);
        overflow-wrap: anywhere;
      }
      .text {
        flex: 1 1 14rem;
        min-width: 0;
      }
      .head {
        font-weight: 600;
      }
      button {
        min-height: 1.875rem;
      }
    `,
  ];

  @property({ attribute: false }) context!: CustomerContext;

  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    return html`${(this.context.maybe_same ?? []).map((match) => this.pair(match))}`;
  }

  private pair(match: RecordMatch): TemplateResult {
    const words = strings().identity;
    const records = [match.one, match.other];
    const names = `${this.named(match.one)} ${words.and} ${this.named(match.other)}`;
    return html`<div class="pair" data-testid="maybe-same" role="group" aria-label=${words.maybeSame}>
      <div class="text">
        <span class="head">${words.maybeSame}:</span> <bdi>${names}</bdi>
        <span class="quiet">(${words.score(percent(match.score))})</span>
        <div class="source"><bdi>${reasonsText(match.reasons)}</bdi></div>
      </div>
      <button
        data-testid="same"
        aria-label="${words.same}: ${names}"
        @click=${() => want(this, { decisions: [{ kind: "same", records }], done: `${words.saidSame}${names}` })}
        >${words.same}</button
      >
      <button
        data-testid="different"
        aria-label="${words.different}: ${names}"
        @click=${() => want(this, { decisions: [{ kind: "different", records }], done: `${words.saidDifferent}${names}` })}
        >${words.different}</button
      >
    </div>`;
  }

  private named(ref: RecordRef): string {
    const customer = customerOf(ref, this.context);
    const system = `${systemTitle(ref.system, this.context.answers ?? [])} ${ref.id}`;
    return customer ? `${customerName(customer)} (${system})` : system;
  }
}
