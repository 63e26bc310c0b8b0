/** English or Chinese; the choice is remembered in this browser. */
import "@ui5/webcomponents/dist/SegmentedButton.js";
import "@ui5/webcomponents/dist/SegmentedButtonItem.js";
import { LitElement, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { Localized, chooseLanguage, language, strings, type Language } from "./language";

const NAMES: Record<Language, string> = { en: "EN", zh: "中文" };

@customElement("ctihub-language-switch")
export class LanguageSwitch extends LitElement {
  constructor() {
    super();
    new Localized(this);
  }

  protected override render(): TemplateResult {
    return html`
      <ui5-segmented-button accessible-name=${strings().header.language}>
        ${(Object.keys(NAMES) as Language[]).map(
          (option) => html`<ui5-segmented-button-item
            data-testid="language-${option}"
            ?selected=${option === language()}
            @click=${() => chooseLanguage(option)}
            >${NAMES[option]}</ui5-segmented-button-item
          >`,
        )}
      </ui5-segmented-button>
    `;
  }
}
