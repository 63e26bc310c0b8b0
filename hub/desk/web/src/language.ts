/** The language of the page: what the agent chose here, else the profile's, else the browser's. */
import { registerI18nLoader } from "@ui5/webcomponents-base/dist/asset-registries/i18n.js";
import { registerLocaleDataLoader } from "@ui5/webcomponents-base/dist/asset-registries/LocaleData.js";
import { setLanguage as setComponentLanguage } from "@ui5/webcomponents-base/dist/config/Language.js";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { en, type Strings } from "./i18n/en";
import { zh } from "./i18n/zh";

export type Language = "en" | "zh";

const STRINGS: Record<Language, Strings> = { en, zh };
const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };
const REMEMBERED = "ctihub.language";

registerI18nLoader(
  "@ui5/webcomponents",
  "zh_CN",
  async () => (await import("@ui5/webcomponents/dist/generated/assets/i18n/messagebundle_zh_CN.json")).default,
);
registerI18nLoader(
  "@ui5/webcomponents-icons",
  "zh_CN",
  async () => (await import("@ui5/webcomponents-icons/dist/generated/assets/i18n/messagebundle_zh_CN.json")).default,
);

// No component here writes dates with the library's own locale data, which it would fetch from elsewhere.
for (const id of ["en", "zh_CN"]) registerLocaleDataLoader(id, () => Promise.resolve({}));

let current: Language = remembered() ?? fromTag(navigator.language) ?? "en";
const followers = new Set<ReactiveControllerHost>();
apply();

export const language = (): Language => current;

export const strings = (): Strings => STRINGS[current];

/** The BCP 47 tag that numbers and dates are formatted in. */
export const locale = (): string => {
  const own = navigator.languages.find((tag) => fromTag(tag) === current && tag.includes("-"));
  return own ?? LOCALES[current];
};

/** Of a text in several languages that of the page, else the English one, else any. */
export const inLanguage = (texts: Readonly<Record<string, string>>): string =>
  texts[current] ?? texts["en"] ?? Object.values(texts)[0] ?? "";

export function chooseLanguage(chosen: Language): void {
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // storage switched off: the choice lasts until reload
  }
  change(chosen);
}

/** Take the profile's language, unless the agent chose one in this browser. */
export function suggestLanguage(tag: string): void {
  const suggested = fromTag(tag);
  if (suggested && !remembered()) change(suggested);
}

/** Renders its component again whenever the language changes. */
export class Localized implements ReactiveController {
  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    followers.add(this.host);
  }

  hostDisconnected(): void {
    followers.delete(this.host);
  }
}

function change(chosen: Language): void {
  if (chosen === current) return;
  current = chosen;
  apply();
  for (const host of followers) host.requestUpdate();
}

function apply(): void {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  void setComponentLanguage(current === "zh" ? "zh_CN" : "en");
}

function remembered(): Language | undefined {
  try {
    return fromTag(localStorage.getItem(REMEMBERED) ?? "");
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

function fromTag(tag: string): Language | undefined {
  const primary = tag.toLowerCase().split(/[-_]/)[0];
  return primary === "en" || primary === "zh" ? primary : undefined;
}
