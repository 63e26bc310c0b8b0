/** Gives commands to the hub for a component: one at a time, and why one was not carried out. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { CommandName } from "./abilities";
import { give, type GiveResult } from "./api";
import type { Command, CommandResult } from "./frames";
import { strings } from "./language";
import { newId } from "./new-id";

type WithoutId<Kind> = Kind extends Command ? Omit<Kind, "id"> : never;
export type Wish = WithoutId<Command>;

type Trouble = Exclude<GiveResult, { readonly kind: "done" }>;

export class Commands implements ReactiveController {
  /** The command whose result is awaited. The page shows what the hub says, never what was clicked. */
  pending: CommandName | undefined;
  private trouble: Trouble | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.trouble = undefined;
  }

  /** Undefined when it was not done, or not asked for because another is under way. */
  async give(wish: Wish): Promise<CommandResult | undefined> {
    if (this.pending) return undefined;
    this.pending = wish.command;
    this.trouble = undefined;
    this.host.requestUpdate();
    const result = await give({ ...wish, id: newId() } as Command);
    this.pending = undefined;
    if (result.kind !== "done") this.trouble = result;
    this.host.requestUpdate();
    return result.kind === "done" ? result.result : undefined;
  }

  /** Why the last one was not done, in the agent's language; empty when it was. */
  get problem(): string {
    const words = strings().control.trouble;
    switch (this.trouble?.kind) {
      case undefined:
        return "";
      case "refused":
        return words.refused(this.trouble.refusal ? words.refusal[this.trouble.refusal] : "", this.trouble.message);
      case "unreachable":
        return words.unreachable;
      case "failed":
        return words.failed(this.trouble.status);
    }
  }

  forget(): void {
    this.trouble = undefined;
    this.host.requestUpdate();
  }
}
