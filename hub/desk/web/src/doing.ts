/** What can be done in a call at this moment, in the order in which it is offered. Pure. */
import type { CommandName } from "./abilities";
import type { Wish } from "./commands";
import type { Connection, Pop } from "./frames";
import { strings } from "./language";

export type Panel = "transfer" | "add" | "keypad";

export interface Doing {
  readonly key: string;
  /** What takes the place of another that was done (hold, retrieve) has the same slot. */
  readonly slot?: string;
  readonly text: string;
  readonly icon: string;
  readonly needs: CommandName;
  readonly look?: "good" | "bad";
  readonly wish?: Wish;
  readonly panel?: Panel;
}

const TALKS: ReadonlySet<string> = new Set(["connected", "alerting"]);

export function ownPart(pop: Pop, agent: string): Connection | undefined {
  const own = (pop.call.connections ?? []).filter((part) => part.agent === agent && part.state !== "null");
  return own.find((part) => part.device === pop.device) ?? own[0];
}

/**
 * The call whose other side waits while the agent asks somebody: another one on hold while this one was dialled, this
 * one while such another is talked in, or this one where the one who is asked has joined it.
 */
export function consultation(pop: Pop, pops: readonly Pop[], agent: string): Pop | undefined {
  const asks = (other: Pop): boolean => other.state === "connected" && ownPart(other, agent)?.role === "caller";
  const others = pops.filter((other) => other.call.id !== pop.call.id);
  if (asks(pop)) return others.find((other) => other.state === "held");
  if (pop.state !== "held") return undefined;
  if (others.some(asks)) return pop;
  const heldAt = ownPart(pop, agent)?.held_at;
  const joined = (part: Connection): boolean =>
    part.agent !== agent && TALKS.has(part.state) && Boolean(heldAt && beginOf(part) >= heldAt);
  return (pop.call.connections ?? []).some(joined) ? pop : undefined;
}

const beginOf = (part: Connection): string => part.initiated_at ?? part.alerted_at ?? part.connected_at ?? "";

export function doings(pop: Pop, pops: readonly Pop[], agent: string): readonly Doing[] {
  const words = strings().control;
  const call_id = pop.call.id;
  const own = ownPart(pop, agent);
  const hangUp = (text: string, key = "hang-up"): Doing => ({
    key,
    text,
    icon: "decline",
    needs: "hang_up",
    look: "bad",
    wish: { command: "hang_up", call_id },
  });
  if (pop.state === "ringing") {
    return [
      { key: "answer", text: words.answer, icon: "accept", needs: "answer", look: "good", wish: { command: "answer", call_id } },
      hangUp(words.reject, "reject"),
    ];
  }
  if (own?.role === "observer") return [hangUp(words.stopListening)];
  const held = consultation(pop, pops, agent);
  if (held) return [...ofConsultation(held.call.id), ...microphone(own, call_id), keypad(), hangUp(words.hangUp)];
  if (pop.call.conference) {
    const add: Doing = { key: "add", text: words.add, icon: "add-employee", needs: "conference", panel: "add" };
    return [...microphone(own, call_id), keypad(), add, ...recording(pop), hangUp(words.hangUp)];
  }
  const holding: Doing =
    pop.state === "held"
      ? { key: "retrieve", slot: "hold", text: words.retrieve, icon: "media-play", needs: "retrieve", look: "good", wish: { command: "retrieve", call_id } }
      : { key: "hold", slot: "hold", text: words.hold, icon: "pause", needs: "hold", wish: { command: "hold", call_id } };
  const talking = pop.state === "held" ? [] : [...microphone(own, call_id), keypad()];
  return [
    holding,
    ...talking,
    { key: "transfer", text: words.transfer, icon: "forward", needs: "transfer", panel: "transfer" },
    { key: "park", text: words.park, icon: "fob-watch", needs: "park", wish: { command: "park", call_id } },
    ...recording(pop),
    hangUp(words.hangUp),
  ];
}

function ofConsultation(call_id: string): readonly Doing[] {
  const words = strings().control;
  return [
    { key: "complete", text: words.complete, icon: "forward", needs: "complete_transfer", look: "good", wish: { command: "complete_transfer", call_id } },
    { key: "conference", text: words.conference, icon: "group", needs: "conference", wish: { command: "conference", call_id } },
    { key: "reconnect", text: words.back, icon: "undo", needs: "reconnect", wish: { command: "reconnect", call_id } },
  ];
}

function microphone(own: Connection | undefined, call_id: string): readonly Doing[] {
  const words = strings().control;
  return own?.is_muted
    ? [{ key: "unmute", slot: "mute", text: words.unmute, icon: "microphone", needs: "unmute", look: "good", wish: { command: "unmute", call_id } }]
    : [{ key: "mute", slot: "mute", text: words.mute, icon: "sound-off", needs: "mute", wish: { command: "mute", call_id } }];
}

const keypad = (): Doing => ({
  key: "keypad",
  text: strings().control.keypad,
  icon: "grid",
  needs: "send_digits",
  panel: "keypad",
});

function recording({ call }: Pop): readonly Doing[] {
  const words = strings().control;
  const call_id = call.id;
  const stop: Doing = {
    key: "record-stop",
    text: words.recordStop,
    icon: "stop",
    needs: "stop_recording",
    wish: { command: "stop_recording", call_id },
  };
  switch (call.recording ?? "off") {
    case "on":
      return [
        { key: "record-pause", slot: "record", text: words.recordPause, icon: "media-pause", needs: "pause_recording", wish: { command: "pause_recording", call_id } },
        stop,
      ];
    case "paused":
      return [
        { key: "record-resume", slot: "record", text: words.recordResume, icon: "record", needs: "resume_recording", wish: { command: "resume_recording", call_id } },
        stop,
      ];
    case "off":
      return [
        { key: "record", slot: "record", text: words.record, icon: "record", needs: "start_recording", wish: { command: "start_recording", call_id } },
      ];
  }
}
