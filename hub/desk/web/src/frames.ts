// Made by hub/desk/web/frame_types.py from hub/desk/frames.py; change that and run it again.

export interface Address {
  readonly street?: string;
  readonly postcode?: string;
  readonly locality?: string;
  readonly country?: string;
  readonly label?: string;
}

export interface AgentProfile {
  readonly id: string;
  readonly name: string;
  readonly devices: readonly (string)[];
  readonly language: string;
}

export type AnswerState = "failed" | "found" | "not_found" | "pending";

export interface BackendAnswer {
  readonly connector: string;
  readonly title: string;
  readonly state: AnswerState;
  readonly problem?: Problem | null;
  readonly detail?: string;
  readonly records?: readonly (CustomerRecord)[];
  readonly took_ms?: number;
  readonly cached?: boolean;
  readonly late?: boolean;
}

export interface Call {
  readonly id: string;
  readonly pbx: string;
  readonly direction: Direction;
  readonly started_at: string;
  readonly caller?: PhoneNumber;
  readonly caller_name?: string;
  readonly called?: PhoneNumber;
  readonly queue?: string | null;
  readonly queued_at?: string | null;
  readonly left_queue_at?: string | null;
  readonly answered_at?: string | null;
  readonly ended_at?: string | null;
  readonly connections?: readonly (Connection)[];
  readonly queue_visits?: readonly (QueueVisit)[];
  readonly transfers?: readonly (Transfer)[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly recordings?: readonly (string)[];
  readonly recording?: RecordingState;
  readonly parked?: string;
  readonly conference?: string;
  readonly outcome?: Outcome | null;
  readonly cause?: Cause | null;
  readonly hangup_code?: number | null;
  readonly partial?: boolean;
}

export interface CallLogEntry {
  readonly call: Call;
  readonly customer?: string;
  readonly agents?: readonly (string)[];
  readonly answered_by?: readonly (string)[];
}

export interface Case {
  readonly id: string;
  readonly subject?: string;
  readonly status?: string;
  readonly priority?: string;
  readonly opened_on?: string | null;
  readonly open?: boolean;
}

export type Cause = "answered_elsewhere" | "busy" | "call_cancelled" | "call_not_answered" | "call_pickup" | "dest_not_obtainable" | "do_not_disturb" | "network_congestion" | "normal_clearing" | "park_timed_out" | "parked" | "queue_timed_out" | "redirected" | "rejected" | "transferred" | "unknown";

export type Channel = "branch" | "case" | "chat" | "email" | "order" | "other" | "phone" | "self_service" | "web";

export interface ClosedFrame {
  readonly frame: "closed";
  readonly call_id: string;
  readonly reason: ClosedReason;
}

export type ClosedReason = "answered_elsewhere" | "cancelled" | "ended" | "left" | "not_answered" | "rejected" | "unknown";

export interface Connection {
  readonly id: string;
  readonly device: string;
  readonly role: Role;
  readonly state: ConnectionState;
  readonly since: string;
  readonly agent?: string | null;
  readonly pbx?: string;
  readonly number?: PhoneNumber | null;
  readonly initiated_at?: string | null;
  readonly queued_at?: string | null;
  readonly alerted_at?: string | null;
  readonly connected_at?: string | null;
  readonly held_at?: string | null;
  readonly ended_at?: string | null;
  readonly cause?: Cause | null;
  readonly is_muted?: boolean;
  readonly monitoring?: Monitoring | null;
}

export type ConnectionState = "alerting" | "connected" | "fail" | "hold" | "initiated" | "null" | "queued";

export interface ContextFrame {
  readonly frame: "context";
  readonly context: CustomerContext;
}

export interface Customer {
  readonly ids: Readonly<Record<string, string>>;
  readonly kind?: Kind;
  readonly name?: SourcedName | null;
  readonly organization?: SourcedStr | null;
  readonly title?: SourcedStr | null;
  readonly language?: SourcedStr | null;
  readonly tier?: SourcedStr | null;
  readonly owner?: SourcedStr | null;
  readonly phones?: readonly (SourcedPhone)[];
  readonly emails?: readonly (SourcedEmail)[];
  readonly addresses?: readonly (SourcedAddress)[];
  readonly orders?: readonly (SourcedOrder)[];
  readonly cases?: readonly (SourcedCase)[];
  readonly urls?: readonly (SourcedStr)[];
  readonly extra?: Readonly<Record<string, SourcedStr>>;
}

export interface CustomerContext {
  readonly call_id: string;
  readonly phone: PhoneNumber;
  readonly revision?: number;
  readonly complete?: boolean;
  readonly customers?: readonly (Customer)[];
  readonly answers?: readonly (BackendAnswer)[];
  readonly interactions?: readonly (Interaction)[];
}

export interface CustomerRecord {
  readonly system: string;
  readonly id: string;
  readonly mapping?: string;
  readonly fetched_at?: string | null;
  readonly kind?: Kind;
  readonly name?: Name;
  readonly organization?: string;
  readonly title?: string;
  readonly phones?: readonly (Phone)[];
  readonly emails?: readonly (Email)[];
  readonly addresses?: readonly (Address)[];
  readonly language?: string;
  readonly tier?: string;
  readonly owner?: string;
  readonly ids?: Readonly<Record<string, string>>;
  readonly orders?: readonly (Order)[];
  readonly cases?: readonly (Case)[];
  readonly url?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

export interface CustomerRef {
  readonly phones?: readonly (string)[];
  readonly emails?: readonly (string)[];
  readonly ids?: Readonly<Record<string, string>>;
}

export type Direction = "inbound" | "internal" | "outbound";

export interface Email {
  readonly address: string;
  readonly label?: string;
}

export interface Hello {
  readonly frame: "hello";
  readonly agent: AgentProfile;
  readonly server_time: string;
  readonly version: string;
  readonly pops: readonly (Pop)[];
  readonly contexts: readonly (CustomerContext)[];
  readonly pbx: readonly (PbxStatus)[];
}

export interface Interaction {
  readonly id: string;
  readonly channel: Channel;
  readonly at: string;
  readonly subject: string;
  readonly customer: CustomerRef;
  readonly source?: string;
  readonly direction?: string;
  readonly status?: string;
  readonly text?: string;
  readonly reference?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

export type Kind = "individual" | "org";

export type Monitoring = "barge" | "spy" | "whisper";

export interface Name {
  readonly full?: string;
  readonly given?: string;
  readonly surname?: string;
}

export interface Order {
  readonly id: string;
  readonly status?: string;
  readonly description?: string;
  readonly ordered_on?: string | null;
  readonly due_on?: string | null;
  readonly amount?: string;
  readonly currency?: string;
  readonly open?: boolean;
}

export type Outcome = "abandoned" | "answered" | "busy" | "failed" | "not_answered" | "unknown";

export interface PbxStatus {
  readonly name: string;
  readonly connected: boolean;
  readonly reason?: string;
}

export interface Phone {
  readonly number: string;
  readonly label?: string;
}

export interface PhoneNumber {
  readonly raw?: string;
  readonly e164?: string | null;
  readonly display?: string;
  readonly region?: string | null;
  readonly anonymous?: boolean;
}

export interface Pop {
  readonly call: Call;
  readonly state: PopState;
  readonly device: string;
  readonly since: string;
}

export interface PopFrame {
  readonly frame: "pop";
  readonly pop: Pop;
  readonly context: CustomerContext | null;
}

export type PopState = "connected" | "held" | "ringing";

export type Problem = "fault" | "internal" | "malformed" | "refused" | "throttled" | "timeout" | "too_large" | "unreachable";

export interface QueueVisit {
  readonly queue: string;
  readonly joined_at: string;
  readonly left_at?: string | null;
}

export type RecordingState = "off" | "on" | "paused";

export type Role = "called" | "caller" | "observer";

export interface SourcedAddress {
  readonly value: Address;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedCase {
  readonly value: Case;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedEmail {
  readonly value: Email;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedName {
  readonly value: Name;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedOrder {
  readonly value: Order;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedPhone {
  readonly value: Phone;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedStr {
  readonly value: string;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface StatusFrame {
  readonly frame: "status";
  readonly pbx: readonly (PbxStatus)[];
}

export interface Transfer {
  readonly kind: TransferKind;
  readonly time: string;
  readonly by_device: string;
  readonly by_agent?: string | null;
  readonly to?: string;
}

export type TransferKind = "attended" | "blind" | "blonde";

export type Frame = Hello | PopFrame | ContextFrame | ClosedFrame | StatusFrame;
