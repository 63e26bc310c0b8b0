/** Tells an agent who looks elsewhere that the phone rings: the tab's title and, where allowed, a notification. */
import { customerNumber, headline, readable } from "./customer";
import type { CustomerContext, Pop } from "./frames";
import { strings } from "./language";

export class Attract {
  private readonly shown = new Map<string, Notification>();

  /** Call with every change of the pops. */
  update(pops: readonly Pop[], contexts: ReadonlyMap<string, CustomerContext>): void {
    const ringing = pops.filter((pop) => pop.state === "ringing");
    const first = ringing[0];
    document.title = first
      ? `☎ ${headline(first.call, contexts.get(first.call.id))}`
      : `${strings().product} – ctihub`;
    for (const [callId, notification] of this.shown) {
      if (ringing.some((pop) => pop.call.id === callId)) continue;
      notification.close();
      this.shown.delete(callId);
    }
    for (const pop of ringing) this.notify(pop, contexts.get(pop.call.id));
  }

  close(): void {
    for (const notification of this.shown.values()) notification.close();
    this.shown.clear();
  }

  private notify(pop: Pop, context: CustomerContext | undefined): void {
    if (!document.hidden || !("Notification" in globalThis) || Notification.permission !== "granted") return;
    const title = headline(pop.call, context);
    const before = this.shown.get(pop.call.id);
    if (before?.title === title) return;
    const notification = new Notification(title, { body: readable(customerNumber(pop.call)), tag: pop.call.id });
    notification.onclick = () => focus();
    this.shown.set(pop.call.id, notification);
  }
}
