/** Which commands the hub takes from this agent. What can't be done is not offered. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Command } from "./frames";

export type CommandName = Command["command"];

let possible: ReadonlySet<string> = new Set();
const followers = new Set<ReactiveControllerHost>();

export function learnAbilities(commands: readonly string[]): void {
  possible = new Set(commands);
  for (const host of followers) host.requestUpdate();
}

/** Renders its component again when the abilities change. */
export class Abilities implements ReactiveController {
  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  can(name: CommandName): boolean {
    return possible.has(name);
  }

  hostConnected(): void {
    followers.add(this.host);
  }

  hostDisconnected(): void {
    followers.delete(this.host);
  }
}
