/** An icon for each channel. */
import "@ui5/webcomponents-icons/dist/building.js";
import "@ui5/webcomponents-icons/dist/call.js";
import "@ui5/webcomponents-icons/dist/cart.js";
import "@ui5/webcomponents-icons/dist/discussion.js";
import "@ui5/webcomponents-icons/dist/email.js";
import "@ui5/webcomponents-icons/dist/history.js";
import "@ui5/webcomponents-icons/dist/internet-browser.js";
import "@ui5/webcomponents-icons/dist/notes.js";
import "@ui5/webcomponents-icons/dist/person-placeholder.js";
import type { Channel } from "./frames";

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

export const CHANNELS = Object.keys(ICONS) as readonly Channel[];

export const channelIcon = (channel: Channel): string => ICONS[channel] ?? ICONS.other;
