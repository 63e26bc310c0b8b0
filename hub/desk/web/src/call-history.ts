/** Keeps today's call log fresh: a call that ends is in the hub's log a moment later, not at once. */
import { callLog } from "./api";
import type { CallLogEntry } from "./frames";

const LOOKS_MS = [300, 1_500, 5_000];
const MEANWHILE_MS = 60_000;

export class CallHistory {
  private readonly looks = new Set<number>();
  private meanwhile: number | undefined;
  private asked = 0;

  constructor(private readonly changed: (entries: readonly CallLogEntry[] | undefined) => void) {}

  start(): void {
    this.meanwhile = setInterval(() => void this.look(), MEANWHILE_MS);
  }

  stop(): void {
    clearInterval(this.meanwhile);
    this.looks.forEach(clearTimeout);
    this.looks.clear();
    this.asked++;
  }

  /** Look for a call that just ended, a few times. */
  expect(): void {
    for (const wait of LOOKS_MS) {
      const look = setTimeout(() => {
        this.looks.delete(look);
        void this.look();
      }, wait);
      this.looks.add(look);
    }
  }

  async look(): Promise<void> {
    const number = ++this.asked;
    const entries = await callLog();
    if (number !== this.asked) return;
    const today = new Date().toDateString();
    this.changed(entries?.filter(({ call }) => new Date(call.started_at).toDateString() === today));
  }
}
