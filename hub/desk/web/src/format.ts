/** Numbers, money, dates and durations as the agent's language writes them. */
import { nothing } from "lit";
import { locale, strings } from "./language";

const DAY_MS = 86_400_000;
/** As much as two lines have room for. */
const CUT = 50;

/** What is shown at hover of a text that may be cut. */
export const fullText = (text: string): string | typeof nothing => (text.length > CUT ? text : nothing);

export function clockTime(at: string): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** A moment as an agent reads it: the time if today, else the date. */
export function moment(at: string, now: number): string {
  const then = new Date(at);
  const sameDay = then.toDateString() === new Date(now).toDateString();
  if (sameDay) return clockTime(at);
  const days = Math.round((startOfDay(new Date(now)) - startOfDay(then)) / DAY_MS);
  if (days > 0 && days < 7) {
    return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-days, "day");
  }
  return dateText(then, now);
}

/** A moment as a whole: day and time. */
export function fullMoment(at: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** How long ago, in words: `4 minutes ago`. */
export function since(at: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  if (seconds < 60) return words.format(-seconds, "second");
  if (seconds < 3_600) return words.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return words.format(-Math.floor(seconds / 3_600), "hour");
  return words.format(-Math.floor(seconds / 86_400), "day");
}

/** A calendar day (`2026-11-21`), close ones in words. Text that is no date comes back as it is. */
export function day(text: string, now: number): string {
  const then = calendarDay(text);
  if (!then) return text;
  const days = Math.round((then.getTime() - startOfDay(new Date(now))) / DAY_MS);
  if (Math.abs(days) <= 1) return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(days, "day");
  return dateText(then, now);
}

const DAYS = /(?<![\w-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w-])/g;

/** A sentence with its calendar days as the agent reads them. */
export const withDays = (sentence: string, now: number): string => sentence.replace(DAYS, (text) => day(text, now));

/** Whole days since a calendar day; negative when it is still to come, undefined when it is no date. */
export function daysSince(text: string, now: number): number | undefined {
  const then = calendarDay(text);
  return then && Math.round((startOfDay(new Date(now)) - then.getTime()) / DAY_MS);
}

/** Whether a period's last day has gone by; one without a last day has not. */
export const isOver = (until: string | null | undefined, now: number): boolean => (daysSince(until ?? "", now) ?? 0) > 0;

/** Whether a period's first day is still to come. */
export const isYetToCome = (from: string | null | undefined, now: number): boolean => (daysSince(from ?? "", now) ?? 0) < 0;

/** `0:07`, `12:34`, `1:02:03`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Money from decimal text, exact to the last digit; a currency that is none is written as it came. */
export function money(amount: string, currency: string): string {
  if (!isDecimal(amount)) return [amount, currency].filter(Boolean).join(" ");
  if (!/^[A-Z]{3}$/.test(currency)) {
    return [new Intl.NumberFormat(locale()).format(amount), currency].filter(Boolean).join(" ");
  }
  return new Intl.NumberFormat(locale(), { style: "currency", currency }).format(amount);
}

export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: "language" }).of(tag.replace("_", "-")) ?? tag;
  } catch (error) {
    if (error instanceof RangeError) return tag; // a backend's own word for a language
    throw error;
  }
}

export function regionName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return new Intl.DisplayNames(locale(), { type: "region" }).of(code) ?? code;
}

/** A share of one, as a percentage. */
export const percent = (share: number): string => new Intl.NumberFormat(locale(), { style: "percent" }).format(share);

/** "A or B" in the agent's language. */
export function either(names: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: "disjunction" }).format(names);
}

export function provenance(system: string, record: string, at: string | null | undefined): string {
  const words = strings().systems;
  const from = words.from(system, record);
  return at ? `${from}, ${words.fetched(moment(at, Date.now()))}` : from;
}

function dateText(then: Date, now: number): string {
  const sameYear = then.getFullYear() === new Date(now).getFullYear();
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale(), sameYear ? options : { ...options, year: "numeric" }).format(then);
}

function calendarDay(text: string): Date | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(text);
  if (!match) return undefined;
  const [, year, month, date] = match.map(Number) as [number, number, number, number];
  return new Date(year, month - 1, date);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function isDecimal(text: string): text is `${number}` {
  return /^-?\d{1,15}(\.\d{1,6})?$/.test(text);
}
