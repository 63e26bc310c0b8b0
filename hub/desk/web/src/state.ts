/** What the page knows, and how each frame of the hub changes it. Pure: no clock of its own, no I/O. */
import type {
  AgentProfile,
  AgentStatus,
  Callback,
  ClosedReason,
  CustomerContext,
  Frame,
  PbxStatus,
  Pop,
  QueueView,
  TeamMember,
  WriteKind,
} from "./frames";

export interface Closed {
  readonly pop: Pop;
  readonly context: CustomerContext | undefined;
  readonly reason: ClosedReason;
  readonly at: number;
}

export interface DeskState {
  readonly agent: AgentProfile | undefined;
  /** Milliseconds that the hub's clock is ahead of this computer's. */
  readonly clockAhead: number;
  readonly pops: readonly Pop[];
  readonly contexts: ReadonlyMap<string, CustomerContext>;
  readonly pbx: readonly PbxStatus[];
  /** Call shown in full. */
  readonly shown: string | undefined;
  readonly lastClosed: Closed | undefined;
  /** The agent's own state; undefined where the hub knows none. */
  readonly status: AgentStatus | undefined;
  readonly reasons: readonly string[];
  readonly dispositions: readonly string[];
  /** What backends can be told of a call. */
  readonly writes: readonly WriteKind[];
  readonly queues: readonly QueueView[];
  /** Customers of the agent's queues who wait to be called back, the first who asked first. */
  readonly callbacks: readonly Callback[];
  readonly team: ReadonlyMap<string, TeamMember>;
  /** The talk that ended last, while the agent may still be working on it. */
  readonly past: Closed | undefined;
}

export const NOTHING: DeskState = {
  agent: undefined,
  clockAhead: 0,
  pops: [],
  contexts: new Map(),
  pbx: [],
  shown: undefined,
  lastClosed: undefined,
  status: undefined,
  reasons: [],
  dispositions: [],
  writes: [],
  queues: [],
  callbacks: [],
  team: new Map(),
  past: undefined,
};

/** `now` is this computer's clock, milliseconds since 1970. */
export function after(state: DeskState, frame: Frame, now: number): DeskState {
  switch (frame.frame) {
    case "hello": {
      const pops = inOrder(frame.pops);
      return {
        agent: frame.agent,
        clockAhead: Date.parse(frame.server_time) - now,
        pops,
        contexts: new Map(frame.contexts.map((context) => [context.call_id, context])),
        pbx: frame.pbx,
        shown: toShow(pops, state.shown),
        lastClosed: state.lastClosed,
        status: frame.status ?? undefined,
        reasons: frame.not_ready_reasons ?? [],
        dispositions: frame.dispositions ?? [],
        writes: frame.writes ?? [],
        queues: frame.queues ?? [],
        callbacks: frame.callbacks ?? [],
        team: new Map((frame.team ?? []).map((member) => [member.agent, member])),
        past: pops.length === 0 && frame.status?.state === "after_call_work" ? state.past : undefined,
      };
    }
    case "pop": {
      const { pop, context } = frame;
      const before = state.pops.find((other) => other.call.id === pop.call.id);
      const pops = inOrder([...state.pops.filter((other) => other !== before), pop]);
      const startsToRing = pop.state === "ringing" && !wasRinging(state, pop);
      const answered = pop.state === "connected" && before?.state === "ringing";
      return {
        ...state,
        pops,
        contexts: context ? newest(state.contexts, context) : state.contexts,
        shown: answered ? pop.call.id : toShow(pops, state.shown),
        lastClosed: startsToRing ? undefined : state.lastClosed,
        past: undefined,
      };
    }
    case "context":
      return { ...state, contexts: newest(state.contexts, frame.context) };
    case "closed": {
      const pop = state.pops.find((other) => other.call.id === frame.call_id);
      if (!pop) return state;
      const pops = state.pops.filter((other) => other !== pop);
      const contexts = new Map(state.contexts);
      contexts.delete(frame.call_id);
      const closed = { pop, context: state.contexts.get(frame.call_id), reason: frame.reason, at: now };
      return {
        ...state,
        pops,
        contexts,
        shown: toShow(pops, state.shown),
        lastClosed: closed,
        past: pops.length === 0 && mayNeedWork(state, pop) ? closed : undefined,
      };
    }
    case "agent": {
      const workIsDone = state.status?.state === "after_call_work" && frame.status.state !== "after_call_work";
      return { ...state, status: frame.status, past: workIsDone ? undefined : state.past };
    }
    case "queues":
      return { ...state, queues: frame.queues };
    case "callbacks": {
      const changed = frame.changed ?? [];
      const replaced = new Set([...(frame.gone ?? []), ...changed.map(({ id }) => id)]);
      const kept = state.callbacks.filter(({ id }) => !replaced.has(id));
      return { ...state, callbacks: [...kept, ...changed].sort(firstAsked) };
    }
    case "team": {
      const team = new Map(state.team);
      for (const member of frame.members) team.set(member.agent, member);
      return { ...state, team };
    }
    case "status":
      return { ...state, pbx: frame.pbx };
    default:
      return state; // a newer hub may say more than this page knows
  }
}

/** After-call work begins a moment after the call's end, or never: then the call that is over goes as well. */
export function withoutPast(state: DeskState): DeskState {
  return state.status?.state === "after_call_work" ? state : { ...state, past: undefined };
}

/** Work after a call follows talks that came through a queue, where the hub knows the agent's state at all. */
const mayNeedWork = (state: DeskState, pop: Pop): boolean =>
  state.status !== undefined &&
  pop.state !== "ringing" &&
  (pop.call.queue !== undefined || state.status.state === "after_call_work");

export const show = (state: DeskState, callId: string): DeskState => ({ ...state, shown: callId });

const URGENCY = { ringing: 0, connected: 1, held: 2 } as const;

function inOrder(pops: readonly Pop[]): readonly Pop[] {
  return [...pops].sort(
    (one, other) => URGENCY[one.state] - URGENCY[other.state] || Date.parse(one.since) - Date.parse(other.since),
  );
}

/** Whether a frame says that a phone begins to ring while no call is under way: that goes before all else. */
export const startsToRing = (state: DeskState, frame: Frame): boolean =>
  frame.frame === "pop" && frame.pop.state === "ringing" && state.pops.length === 0;

const wasRinging = (state: DeskState, { call }: Pop): boolean =>
  state.pops.some((pop) => pop.call.id === call.id && pop.state === "ringing");

/**
 * A call that is being read stays: nobody who talks, or looks at one caller, has the page taken away because another
 * phone call rings; that one stands in the dock. A call on hold makes room.
 */
function toShow(pops: readonly Pop[], shown: string | undefined): string | undefined {
  const before = pops.find((pop) => pop.call.id === shown);
  const first = pops[0];
  return before && (before.state !== "held" || first?.state !== "ringing") ? shown : first?.call.id;
}

const firstAsked = (one: Callback, other: Callback): number =>
  Date.parse(one.requested_at) - Date.parse(other.requested_at) || (one.id < other.id ? -1 : 1);

function newest(
  contexts: ReadonlyMap<string, CustomerContext>,
  context: CustomerContext,
): ReadonlyMap<string, CustomerContext> {
  const known = contexts.get(context.call_id);
  if (known && (known.revision ?? 0) > (context.revision ?? 0)) return contexts;
  return new Map(contexts).set(context.call_id, context);
}
