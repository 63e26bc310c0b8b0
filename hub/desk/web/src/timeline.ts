/** The timeline beyond what came with the context: older interactions by pages, those of some channels only. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ask } from "./api";
import type { Channel, Interaction, TimelinePage } from "./frames";
import { bodyOf } from "./json";

const PAGE = 25;

const keyOf = ({ source, id }: Interaction): string => `${source ?? ""}\n${id}`;

/** One list of several, the newest first, nothing twice; of two of one id the first list's counts. */
export function merged(...lists: readonly (readonly Interaction[])[]): readonly Interaction[] {
  const all = new Map<string, Interaction>();
  for (const one of lists.flat()) if (!all.has(keyOf(one))) all.set(keyOf(one), one);
  return [...all.values()].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

export class OlderPages implements ReactiveController {
  interactions: readonly Interaction[] = [];
  state: "idle" | "loading" | "failed" = "idle";
  /** What to give as `before` for the next page: undefined before the first, empty after the last. */
  private next: string | undefined;
  private asked: AbortController | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.forget();
  }

  /** Whether there are more; before the first page was asked for it is as `atFirst` says. */
  hasMore(atFirst: boolean): boolean {
    return this.next === undefined ? atFirst : this.next !== "";
  }

  /** Begin anew: another customer, or other channels. */
  forget(): void {
    this.asked?.abort();
    this.asked = undefined;
    this.interactions = [];
    this.next = undefined;
    this.state = "idle";
  }

  /** Fetch the next page. What was asked for before and has not come yet is given up. */
  async load(path: string, channels: ReadonlySet<Channel>): Promise<void> {
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    this.state = "loading";
    this.host.requestUpdate();
    const query = new URLSearchParams({ limit: String(PAGE) });
    for (const channel of channels) query.append("channel", channel);
    if (this.next) query.set("before", this.next);
    const response = await ask(`${path}?${query.toString()}`, { signal: asked.signal });
    const page = response?.ok ? ((await bodyOf(response)) as TimelinePage | undefined) : undefined;
    if (this.asked !== asked) return;
    this.state = page ? "idle" : "failed";
    if (page) {
      this.interactions = [...this.interactions, ...(page.interactions ?? [])];
      this.next = page.next ?? "";
    }
    this.host.requestUpdate();
  }
}
