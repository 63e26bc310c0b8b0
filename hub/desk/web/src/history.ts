import "@ui5/webcomponents/dist/Icon.js";
import "@ui5/webcomponents-icons/dist/building.js";
import "@ui5/webcomponents-icons/dist/call.js";
import "@ui5/webcomponents-icons/dist/cart.js";
import "@ui5/webcomponents-icons/dist/discussion.js";
import "@ui5/webcomponents-icons/dist/email.js";
import "@ui5/webcomponents-icons/dist/history.js";
import "@ui5/webcomponents-icons/dist/internet-browser.js";
import "@ui5/webcomponents-icons/dist/notes.js";
import "@ui5/webcomponents-icons/dist/person-placeholder.js";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { CardList } from "./card-list";
import { systemTitle } from "./customer";
import { moment } from "./format";
import type { Channel, Interaction } from "./frames";
import { strings } from "./language";
import { RoomForRows } from "./room";

const ICONS: Record<Channel, string> = {
  phone: "call",
  email: "email",
  chat: "discussion",
  web: "internet-browser",
  self_service: "person-placeholder",
  branch: "building",
  order: "cart",
  case: "notes",
  other: "history",
};

export const channelIcon = (channel: Channel): string => ICONS[channel];

@customElement("ctihub-history")
export class History extends CardList<Interaction> {
  static override styles = [
    CardList.styles,
    css`
      .entry {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.625rem;
      }
      ui5-icon {
        margin-top: 0.125rem;
        color: var(--sapContent_NonInteractiveIconColor);
      }
      .text {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
      }
    `,
  ];

  protected readonly room = new RoomForRows(this, 5.5);

  protected override words(): { title: string; none: string } {
    return strings().history;
  }

  protected override entries(): readonly Interaction[] {
    return this.context?.interactions ?? [];
  }

  protected override row(contact: Interaction): TemplateResult {
    const channel = strings().history.channel[contact.channel];
    const source = contact.source ? systemTitle(contact.source, this.context?.answers ?? []) : "";
    return html`<li class="row entry" data-testid="interaction">
      <ui5-icon name=${ICONS[contact.channel]} mode="Image" accessible-name=${channel}></ui5-icon>
      <div>
        <div class="line">
          <bdi class="main">${contact.subject || channel}</bdi>
          <time class="quiet number" datetime=${contact.at}>${moment(contact.at, this.now)}</time>
        </div>
        ${contact.text ? html`<div class="text quiet" dir="auto" title=${contact.text}>${contact.text}</div>` : nothing}
        <div class="line source"><span class="wrap">${contact.status || contact.reference || ""}</span><span>${source}</span></div>
      </div>
    </li>`;
  }
}
