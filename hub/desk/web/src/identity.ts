/** Who is who, as people decide it: choose, join, split, and take it back. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { decide, takeBack, type Decision, type Said } from "./customer-api";
import type { BackendAnswer, Customer, CustomerContext, CustomerRecord, RecordRef } from "./frames";
import { customerName } from "./customer";
import { strings } from "./language";

export const isSame = (one: RecordRef, other: RecordRef): boolean => one.system === other.system && one.id === other.id;

const isIn = (ref: RecordRef, refs: readonly RecordRef[]): boolean => refs.some((other) => isSame(ref, other));

/** The records that a customer is made of: those that were joined, or the one that its values come from. */
export function recordsOf(customer: Customer, answers: readonly BackendAnswer[]): readonly RecordRef[] {
  const found: RecordRef[] = [];
  const add = (ref: RecordRef): void => {
    if (!isIn(ref, found)) found.push(ref);
  };
  for (const { one, other } of customer.matches ?? []) [one, other].forEach(add);
  for (const [system, id] of Object.entries(customer.ids)) {
    if (recordOf({ system, id }, answers)) add({ system, id });
  }
  const told = customer.name ?? customer.organization ?? customer.phones?.[0];
  if (told) add({ system: told.system, id: told.record });
  if (found.length === 0) Object.entries(customer.ids).slice(0, 1).forEach(([system, id]) => add({ system, id }));
  return found;
}

export const recordOf = ({ system, id }: RecordRef, answers: readonly BackendAnswer[]): CustomerRecord | undefined =>
  answers.flatMap(({ records = [] }) => records).find((record) => record.system === system && record.id === id);

/** The customer that a record belongs to; where it is told of several, the one of that name. */
export function customerOf(ref: RecordRef, context: CustomerContext, name = ""): Customer | undefined {
  const answers = context.answers ?? [];
  const fitting = (context.customers ?? []).filter(
    (customer) => customer.ids[ref.system] === ref.id || isIn(ref, recordsOf(customer, answers)),
  );
  return fitting.find((customer) => customerName(customer) === name) ?? fitting[0];
}

/** What an element asks of the page around it. */
export interface Wanted {
  readonly decisions: readonly Decision[];
  /** What is said of it once it is done, beside the button that takes it back. */
  readonly done: string;
}

export const want = (element: HTMLElement, wanted: Wanted): boolean =>
  element.dispatchEvent(new CustomEvent<Wanted>("decide", { detail: wanted, bubbles: true, composed: true }));

/** One record is none of this customer: it is told apart from each of the others. */
export const splitOff = (ref: RecordRef, others: readonly RecordRef[]): readonly Decision[] =>
  others.filter((other) => !isSame(ref, other)).map((other) => ({ kind: "different", records: [ref, other] }));

export class IdentityDecisions implements ReactiveController {
  pending = false;
  /** Why the last one was not taken, in the agent's language; empty when it was. */
  trouble = "";
  /** What was decided last and can be taken back. */
  last: { readonly text: string; readonly ids: readonly string[] } | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly changed: () => void = () => undefined,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.forget();
  }

  forget(): void {
    this.trouble = "";
    this.last = undefined;
    this.host.requestUpdate();
  }

  /** Give all of them to the hub, one after the other; whether all were taken. */
  async decide({ decisions, done }: Wanted): Promise<boolean> {
    return this.alone(async () => {
      const ids: string[] = [];
      const notes: string[] = [];
      for (const decision of decisions) {
        const answer = await decide(decision);
        if (answer.kind === "done") {
          ids.push(answer.value.decision.id);
          notes.push(...(answer.value.notes ?? []));
        } else this.trouble = problem(answer);
        if (this.trouble) break;
      }
      if (ids.length > 0 && done) this.last = { text: [done, ...notes].join(" "), ids };
      return this.trouble === "";
    });
  }

  async takeBack(ids: readonly string[]): Promise<boolean> {
    return this.alone(async () => {
      for (const id of ids) {
        const answer = await takeBack(id);
        if (answer.kind !== "done") this.trouble = problem(answer);
      }
      if (!this.trouble) this.last = undefined;
      return this.trouble === "";
    });
  }

  private async alone(act: () => Promise<boolean>): Promise<boolean> {
    if (this.pending) return false;
    this.pending = true;
    this.trouble = "";
    this.host.requestUpdate();
    const done = await act();
    this.pending = false;
    this.host.requestUpdate();
    if (done) this.changed();
    return done;
  }
}

function problem(answer: Exclude<Said<unknown>, { readonly kind: "done" }>): string {
  const words = strings().identity;
  switch (answer.kind) {
    case "refused":
      return words.notKept + answer.message;
    case "unreachable":
      return words.notKept + words.unreachable;
    case "failed":
      return words.notKept + words.failed(answer.status);
  }
}
