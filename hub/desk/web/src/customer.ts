/** Who is on the line and what the agent should know first: pure readings of a call and its context. */
import type {
  BackendAnswer,
  Call,
  Case,
  Customer,
  CustomerContext,
  Interaction,
  Order,
  PhoneNumber,
  SourcedCase,
  SourcedOrder,
} from "./frames";
import { day, daysSince, either, isOver } from "./format";
import { strings } from "./language";

/** So many names fit beside one another. */
const NAMED = 3;

export type CallerKind =
  | "known"
  | "several"
  | "unreachable"
  | "searching"
  | "unknown"
  | "unidentified"
  | "anonymous"
  | "internal"
  | "no_lookup"
  | "no_systems";

/** The number of the party outside: the caller's of an inbound call, the called one's of an outbound. */
export function customerNumber(call: Call): PhoneNumber {
  return (call.direction === "outbound" ? call.called : call.caller) ?? {};
}

export const readable = (number: PhoneNumber): string => (number.anonymous ? "" : number.display || number.raw || "");

/** The customer who is meant: the only one, or the one that was chosen; undefined while that is not known. */
export function meant(context: CustomerContext | undefined): Customer | undefined {
  const customers = context?.customers ?? [];
  if (context?.chosen?.unreachable) return undefined;
  return customers.length === 1 || context?.chosen ? customers[0] : undefined;
}

/** Of whom the agent may have to choose: several of a number, or others than the one who was chosen and can't be had. */
export function candidates(context: CustomerContext | undefined): readonly Customer[] {
  const customers = context?.customers ?? [];
  return context?.chosen?.unreachable || (customers.length > 1 && !context?.chosen) ? customers : [];
}

/** The birthday, or its year alone where the rest is masked: it stands as the first of January then. */
export function birthday(customer: Customer, now: number): string {
  const born = customer.birth_date?.value;
  if (!born) return "";
  return customer.hidden?.some(({ field }) => field === "birth_date") ? born.slice(0, 4) : day(born, now);
}

/** Whether the number that calls is said to be others', too: a switchboard's, a family's. */
export function isOthersToo(context: CustomerContext | undefined): boolean {
  const number = context?.phone.e164;
  return Boolean(number) && (meant(context)?.phones ?? []).some(({ value }) => value.shared && value.number === number);
}

export function callerKind(call: Call, context: CustomerContext | undefined): CallerKind {
  if (meant(context)) return "known";
  if (context?.chosen?.unreachable) return "unreachable";
  if (context?.customers?.length) return "several";
  const number = customerNumber(call);
  if (call.direction === "internal") return "internal";
  if (number.anonymous) return "anonymous";
  const answers = context?.answers ?? [];
  if (answers.some((answer) => answer.state === "pending")) return "searching";
  if (answers.some((answer) => answer.state === "failed")) return "unidentified";
  if (answers.length > 0) return "unknown";
  if (!number.e164) return "no_lookup";
  return context && !context.complete ? "searching" : "no_systems";
}

export function customerName(customer: Customer): string {
  const name = customer.name?.value;
  const parts = [name?.given, name?.surname].filter(Boolean).join(" ");
  return [name?.full, parts, customer.organization?.value, ...Object.values(customer.ids)].find(canBeSeen) ?? "";
}

/** Whether a text has more in it than spaces and signs of no width. */
const canBeSeen = (text: string | undefined): text is string => text !== undefined && /[^\s\p{C}]/u.test(text);

/** What stands in large letters: a name if there is one, else in words that there is none. */
export function headline(call: Call, context: CustomerContext | undefined): string {
  const words = strings().caller;
  const customers = context?.customers ?? [];
  const one = meant(context);
  if (one) return customerName(one) || readable(customerNumber(call));
  switch (callerKind(call, context)) {
    case "several":
      return severalNames(customers) || readable(customerNumber(call));
    case "anonymous":
      return words.anonymous;
    case "unknown":
      return words.unknown;
    case "unidentified":
      return words.unidentified;
    default:
      return networkName(call) || readable(customerNumber(call)) || words.unknown;
  }
}

/** Up to three customers by name; of more the company that all of them are of, or two and how many others. */
function severalNames(customers: readonly Customer[]): string {
  const names = [...new Set(customers.map(customerName))].filter(canBeSeen);
  if (names.length <= NAMED) return either(names);
  const [company, ...others] = new Set(customers.map(({ organization }) => organization?.value ?? ""));
  if (company && others.length === 0) return company;
  return either([...names.slice(0, NAMED - 1), strings().caller.others(names.length - NAMED + 1)]);
}

/** The name that the caller's network sent; nobody has verified it. */
export const networkName = (call: Call): string => (call.direction === "outbound" ? "" : (call.caller_name ?? ""));

const URGENT = /^\s*(p?[01]\b|very high|highest|high|urgent|critical|emergency|blocker|sehr hoch|hoch|紧急|非常高|最高|高)/i;

export const isUrgent = (priority: string | undefined): boolean => priority !== undefined && URGENT.test(priority);

/** The purposes for which a customer has forbidden calls, or all contact, and still does. */
export function refusedByPhone(customer: Customer | undefined, now: number): readonly string[] {
  const refused = (customer?.consents ?? []).filter(
    ({ value }) => !value.granted && (!value.channel || value.channel === "phone") && !isOver(value.valid_until, now),
  );
  return [...new Set(refused.map(({ value }) => value.purpose))];
}

export function daysLate(order: Order, now: number): number {
  if (order.open === false || !order.due_on) return 0;
  return Math.max(0, daysSince(order.due_on, now) ?? 0);
}

/** Open orders: the latest first, then those due soonest, then the newest. */
export function openOrders(customer: Customer, now: number): readonly SourcedOrder[] {
  const due = (order: Order): string => order.due_on ?? "9999";
  return (customer.orders ?? [])
    .filter(({ value }) => value.open !== false)
    .toSorted(
      ({ value: one }, { value: other }) =>
        daysLate(other, now) - daysLate(one, now) ||
        due(one).localeCompare(due(other)) ||
        (other.ordered_on ?? "").localeCompare(one.ordered_on ?? ""),
    );
}

export function daysOverTarget(one: Case, now: number): number {
  if (one.open === false || !one.target_on) return 0;
  return Math.max(0, daysSince(one.target_on, now) ?? 0);
}

/** Open cases: urgent ones first, then those over their target, then the oldest. */
export function openCases(customer: Customer, now: number): readonly SourcedCase[] {
  return (customer.cases ?? [])
    .filter(({ value }) => value.open !== false)
    .toSorted(
      ({ value: one }, { value: other }) =>
        Number(isUrgent(other.priority)) - Number(isUrgent(one.priority)) ||
        daysOverTarget(other, now) - daysOverTarget(one, now) ||
        (one.opened_on ?? "9999").localeCompare(other.opened_on ?? "9999"),
    );
}

export interface Attention {
  readonly late: readonly SourcedOrder[];
  readonly urgent: readonly SourcedCase[];
}

export function attention(customer: Customer, now: number): Attention {
  return {
    late: openOrders(customer, now).filter(({ value }) => daysLate(value, now) > 0),
    urgent: openCases(customer, now).filter(({ value }) => isUrgent(value.priority)),
  };
}

/** A call on one of the hub's own telephone systems: the page has its own words for those. */
export const isOwnCall = ({ channel, source = "" }: Interaction): boolean =>
  channel === "phone" && source.startsWith("/pbx/");

const FRESH_MS = 3 * 86_400_000;

/** The latest contact, while it is fresh enough to be what the caller calls about. */
export function freshContact(context: CustomerContext | undefined, now: number): Interaction | undefined {
  const latest = context?.interactions?.[0];
  return latest && now - Date.parse(latest.at) < FRESH_MS ? latest : undefined;
}

let titles: Readonly<Record<string, string>> = {};

/** Take from the hub what its systems and feeds are called. */
export function learnTitles(told: Readonly<Record<string, string>>): void {
  titles = told;
}

/** How a system is called on screen: its title from the configuration, else its name. */
export function systemTitle(system: string, answers: readonly BackendAnswer[]): string {
  const told = answers.find((answer) => answer.connector === system)?.title;
  return told && told !== system ? told : (titles[system] ?? system);
}

export const isPending = (context: CustomerContext | undefined): boolean =>
  (context?.answers ?? []).some((answer) => answer.state === "pending");

/** Whether orders, cases and the rest are shown or may still come: not of a stranger, nor of one out of several. */
export const mayComeTo = (context: CustomerContext | undefined): boolean =>
  isPending(context) && ((context?.customers ?? []).length < 2 || Boolean(context?.chosen));

export const hasFailures = (context: CustomerContext | undefined): boolean =>
  (context?.answers ?? []).some((answer) => answer.state === "failed");
