/** The theme follows the operating system: light or dark, and high contrast where it is asked for. */
import { registerThemePropertiesLoader } from "@ui5/webcomponents-base/dist/asset-registries/Themes.js";
import { setDefaultFontLoading } from "@ui5/webcomponents-base/dist/config/Fonts.js";
import { setTheme } from "@ui5/webcomponents-base/dist/config/Theme.js";

const BASE = "@ui5/webcomponents-theming";
const COMPONENTS = "@ui5/webcomponents";

type Sheet = Promise<{ default: string }>;

function register(theme: string, base: () => Sheet, components: () => Sheet): void {
  registerThemePropertiesLoader(BASE, theme, async () => (await base()).default);
  registerThemePropertiesLoader(COMPONENTS, theme, async () => (await components()).default, "host");
}

register(
  "sap_horizon_dark",
  () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon_dark/parameters-bundle.css.json"),
  () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon_dark/parameters-bundle.css.json"),
);
register(
  "sap_horizon_hcb",
  () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon_hcb/parameters-bundle.css.json"),
  () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon_hcb/parameters-bundle.css.json"),
);
register(
  "sap_horizon_hcw",
  () => import("@ui5/webcomponents-theming/dist/generated/assets/themes/sap_horizon_hcw/parameters-bundle.css.json"),
  () => import("@ui5/webcomponents/dist/generated/assets/themes/sap_horizon_hcw/parameters-bundle.css.json"),
);

export function followSystemTheme(): Promise<void> {
  setDefaultFontLoading(false);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const contrast = matchMedia("(prefers-contrast: more)");
  const forced = matchMedia("(forced-colors: active)");
  const apply = (): Promise<void> => {
    const high = contrast.matches || forced.matches;
    const theme = high ? (dark.matches ? "sap_horizon_hcb" : "sap_horizon_hcw") : dark.matches ? "sap_horizon_dark" : "sap_horizon";
    return setTheme(theme);
  };
  for (const query of [dark, contrast, forced]) {
    query.addEventListener("change", () => void apply());
  }
  return apply();
}
