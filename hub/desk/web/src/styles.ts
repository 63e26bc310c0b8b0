/** What all parts of the page share: type, colours, cards. Colours are the theme's, so each theme stays readable. */
import { css } from "lit";

export const base = css`
  :host {
    display: block;
    box-sizing: border-box;
    font-family: var(--sapFontFamily);
    font-size: 0.875rem;
    line-height: 1.35;
    color: var(--sapTextColor);
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h2,
  h3,
  p,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  .quiet {
    color: var(--sapContent_LabelColor);
  }
  .number {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .source {
    color: var(--sapContent_LabelColor);
    font-size: 0.75rem;
    overflow-wrap: anywhere;
  }
  .wrap {
    overflow-wrap: anywhere;
  }
  a {
    color: var(--sapLinkColor);
  }
  :focus-visible {
    outline: 2px solid var(--sapContent_FocusColor);
    outline-offset: 2px;
  }
`;

export const card = css`
  .card {
    background: var(--sapTile_Background);
    border: 1px solid var(--sapGroup_ContentBorderColor);
    border-radius: 0.75rem;
    padding: 0.75rem 1rem;
    min-width: 0;
    height: 100%;
  }
  .card > h3 {
    display: flex;
    align-items: baseline;
    gap: 0.5rem;
    font-size: 0.875rem;
    font-weight: 600;
    margin-bottom: 0.25rem;
    color: var(--sapTile_TitleTextColor);
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0 0.5rem;
  }
  /* A button in a heading takes no more room than its words. */
  .card > h3 > ui5-button {
    margin: -0.5rem 0 -0.5rem auto;
  }
  .card > h3 > .beside {
    margin-inline-start: auto;
    min-width: 0;
    text-align: end;
    overflow-wrap: anywhere;
  }
  .card > h3 > .beside + ui5-button {
    margin-inline-start: 0;
  }
  .repeat {
    line-height: 1;
    color: var(--sapCriticalTextColor);
    font-weight: 600;
  }
  .count {
    font-weight: 400;
    color: var(--sapContent_LabelColor);
    font-variant-numeric: tabular-nums;
  }
  .row {
    padding: 0.3125rem 0;
    border-top: 1px solid var(--sapList_BorderColor);
    overflow: clip;
  }
  .row:first-child {
    border-top: 0;
  }
  .line {
    display: flex;
    justify-content: space-between;
    gap: 0.75rem;
    align-items: baseline;
    min-width: 0;
  }
  .line > * {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .line > :last-child:not(:first-child) {
    text-align: end;
    flex-shrink: 0;
    max-width: 60%;
  }
  /* However long it is: what is below it stays in sight. */
  .main,
  .line > bdi.wrap,
  .line > :last-child:not(:first-child) {
    display: -webkit-inline-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    vertical-align: bottom;
  }
  .main {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .alert {
    color: var(--sapNegativeTextColor);
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .empty {
    color: var(--sapContent_LabelColor);
    padding: 0.375rem 0;
  }
`;

export const skeleton = css`
  .skeleton {
    display: block;
    height: 0.75rem;
    margin: 0.5rem 0;
    border-radius: 0.25rem;
    background: var(--sapContent_Placeholderloading_Background, var(--sapNeutralBackground));
    animation: breathe 1.2s ease-in-out infinite alternate;
  }
  .skeleton.short {
    width: 55%;
  }
  @keyframes breathe {
    from {
      opacity: 0.45;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .skeleton {
      animation: none;
    }
  }
`;

/** The icon of a phone that rings moves; nothing else does. */
export const shake = css`
  ui5-icon.ringing {
    animation: ring 1s ease-in-out infinite;
  }
  @keyframes ring {
    0%,
    50%,
    100% {
      transform: rotate(0);
    }
    10%,
    30% {
      transform: rotate(-16deg);
    }
    20%,
    40% {
      transform: rotate(16deg);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    ui5-icon.ringing {
      animation: none;
    }
  }
`;
