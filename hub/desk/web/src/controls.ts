/** Buttons and fields of the desk's controls: the theme's colours, room for a finger, focus that is seen. */
import { css } from "lit";

export const controls = css`
  button,
  input {
    font: inherit;
    color: var(--sapButton_TextColor);
    min-height: 2.25rem;
    border-radius: 0.5rem;
    border: 1px solid var(--sapButton_BorderColor);
    background: var(--sapButton_Background);
    padding: 0 0.75rem;
  }
  button {
    cursor: pointer;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.375rem;
    font-weight: 600;
    white-space: nowrap;
  }
  button:hover {
    background: var(--sapButton_Hover_Background);
  }
  /* One that waits for the hub keeps the focus: it is not taken away from whoever uses the keyboard. */
  button:disabled,
  button[aria-disabled="true"] {
    opacity: 0.45;
    cursor: default;
  }
  button.good {
    background: var(--sapButton_Accept_Background);
    border-color: var(--sapButton_Accept_BorderColor);
    color: var(--sapButton_Accept_TextColor);
  }
  button.bad {
    background: var(--sapButton_Reject_Background);
    border-color: var(--sapButton_Reject_BorderColor);
    color: var(--sapButton_Reject_TextColor);
  }
  button[aria-pressed="true"],
  button[aria-expanded="true"] {
    background: var(--sapButton_Selected_Background);
    border-color: var(--sapButton_Selected_BorderColor);
    color: var(--sapButton_Selected_TextColor);
  }
  button ui5-icon {
    color: inherit;
    flex: none;
  }
  input {
    cursor: text;
    color: var(--sapField_TextColor);
    background: var(--sapField_Background);
    border-color: var(--sapField_BorderColor);
    min-width: 0;
  }
  input::placeholder {
    color: var(--sapField_PlaceholderTextColor);
  }
  .trouble {
    color: var(--sapNegativeTextColor);
    background: var(--sapErrorBackground);
    border: 1px solid var(--sapErrorBorderColor);
    border-radius: 0.5rem;
    padding: 0.375rem 0.625rem;
    overflow-wrap: anywhere;
    font-weight: 600;
  }
  .dot {
    width: 0.625rem;
    height: 0.625rem;
    border-radius: 50%;
    flex: none;
    background: var(--sapNeutralElementColor);
  }
  .dot.ready {
    background: var(--sapPositiveElementColor);
  }
  .dot.not_ready {
    background: var(--sapNegativeElementColor);
    border-radius: 0.125rem;
  }
  .dot.busy {
    background: var(--sapCriticalElementColor);
  }
  .dot.after_call_work {
    background: none;
    border: 0.1875rem solid var(--sapCriticalElementColor);
  }
  .dot.logged_off {
    background: none;
    border: 0.125rem solid var(--sapNeutralElementColor);
  }
`;
