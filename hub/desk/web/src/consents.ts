/** What the customer agreed to and has forbidden, and how the customer likes to be dealt with. */
import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/accept.js";
import "@ui5/webcomponents-icons/dist/decline.js";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { conflictMark } from "./conflict";
import { systemTitle } from "./customer";
import { day, isOver, provenance } from "./format";
import type { Consent, SourcedConsent, SourcedStr } from "./frames";
import { strings } from "./language";

type Wish = { readonly consent: SourcedConsent } | { readonly preference: string; readonly said: SourcedStr };

@customElement("ctihub-consents")
export class Consents extends CardList<Wish> {
  static override styles = [
    CardList.styles,
    css`
      .row {
        padding: 0.25rem 0;
      }
      ui5-icon {
        vertical-align: text-bottom;
        color: var(--sapPositiveElementColor);
      }
      .no ui5-icon {
        color: var(--sapNegativeElementColor);
      }
      .no .main {
        color: var(--sapNegativeTextColor);
      }
      .over {
        color: var(--sapContent_LabelColor);
      }
    `,
  ];

  protected override readonly isLow = true;
  protected readonly room = { rows: 4 };

  protected override words(): { title: string; none: string } {
    return { title: strings().consents.title, none: "" };
  }

  /** What is forbidden comes first: that must not be overlooked. */
  protected override entries(): readonly Wish[] {
    const consents = (this.customer?.consents ?? []).toSorted(
      ({ value: one }, { value: other }) => Number(one.granted) - Number(other.granted),
    );
    const preferences = Object.entries(this.customer?.preferences ?? {});
    return [
      ...consents.map((consent) => ({ consent })),
      ...preferences.map(([preference, said]) => ({ preference, said })),
    ];
  }

  protected override row(wish: Wish): TemplateResult {
    return "consent" in wish ? this.consent(wish.consent) : this.preference(wish.preference, wish.said);
  }

  private consent({ value, system, record, at }: SourcedConsent): TemplateResult {
    const words = strings();
    const channels = words.history.channel as Readonly<Record<string, string>>;
    const channel = value.channel ? (channels[value.channel] ?? value.channel) : words.consents.every;
    const purpose = words.consents.purpose(value.purpose);
    const over = isOver(value.valid_until, this.now);
    const said = value.granted ? words.consents.granted : words.consents.refused;
    return html`<li
      class="row line ${over ? "over" : value.granted ? "" : "no"}"
      data-testid="consent"
      data-granted=${String(value.granted && !over)}
      title=${provenance(systemTitle(system, this.answers), record, at)}
    >
      <span
        ><ui5-icon name=${value.granted && !over ? "accept" : "decline"} mode="Decorative"></ui5-icon>
        <bdi class="main">${purpose}</bdi>: ${said}
        <span class="quiet">(<bdi>${channel}</bdi>)</span>${conflictMark(this.customer, `consents.${value.purpose}`, purpose, this.answers)}</span
      >
      <span class="source">${this.when(value)}</span>
    </li>`;
  }

  private when({ given_on: given, valid_until: until }: Consent): string | typeof nothing {
    const words = strings().consents;
    if (until) return isOver(until, this.now) ? words.expired(day(until, this.now)) : words.until(day(until, this.now));
    return given ? words.since(day(given, this.now)) : nothing;
  }

  private preference(name: string, { value, system, record, at }: SourcedStr): TemplateResult {
    const title = strings().consents.preference(name);
    return html`<li
      class="row line"
      data-testid="preference"
      title=${provenance(systemTitle(system, this.answers), record, at)}
    >
      <bdi class="quiet">${title}</bdi
      ><span><bdi>${value}</bdi>${conflictMark(this.customer, `preferences.${name}`, title, this.answers)}</span>
    </li>`;
  }
}
