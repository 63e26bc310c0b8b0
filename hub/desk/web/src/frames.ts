// Made by hub/desk/web/frame_types.py from hub/desk/frames.py; change that and run it again.

export interface Address {
  readonly street?: string;
  readonly postcode?: string;
  readonly locality?: string;
  readonly region?: string;
  readonly country?: string;
  readonly label?: string;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
}

export interface AfterCallWork {
  readonly command: "after_call_work";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
}

export interface AgentFrame {
  readonly frame: "agent";
  readonly status: AgentStatus;
}

export interface AgentProfile {
  readonly id: string;
  readonly name: string;
  readonly devices: readonly (string)[];
  readonly language: string;
  readonly role?: "agent" | "supervisor";
  readonly queues?: readonly (string)[];
}

export type AgentState = "after_call_work" | "busy" | "logged_off" | "not_ready" | "ready";

export interface AgentStatus {
  readonly agent: string;
  readonly name: string;
  readonly state: AgentState;
  readonly since: string;
  readonly reason?: string;
  readonly until?: string | null;
  readonly devices?: readonly (DeviceStatus)[];
  readonly queues?: readonly (Membership)[];
  readonly can_join?: readonly (QueuePlace)[];
}

export interface Answer {
  readonly command: "answer";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
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
  readonly as_of?: string | null;
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
  readonly transfers?: readonly (HubDomainCallTransfer)[];
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

export interface Callback {
  readonly id: string;
  readonly site: string;
  readonly phone: string;
  readonly customer: CustomerRef;
  readonly requested_at: string;
  readonly at: string;
  readonly state?: CallbackState;
  readonly queue?: string;
  readonly topic?: string;
  readonly url?: string;
  readonly page?: string;
  readonly language?: string;
  readonly not_before?: string | null;
  readonly expires_at?: string | null;
  readonly asked_by?: string;
  readonly dials?: number;
  readonly attempts?: number;
  readonly agent?: string;
  readonly call_id?: string;
  readonly reason?: string;
}

export type CallbackState = "calling" | "cancelled" | "done" | "expired" | "failed" | "waiting";

export interface CallbacksFrame {
  readonly frame: "callbacks";
  readonly changed?: readonly (Callback)[];
  readonly gone?: readonly (string)[];
}

export interface Case {
  readonly id: string;
  readonly subject?: string;
  readonly status?: string;
  readonly priority?: string;
  readonly opened_on?: string | null;
  readonly target_on?: string | null;
  readonly closed_on?: string | null;
  readonly owner?: string;
  readonly product?: string;
  readonly open?: boolean;
  readonly url?: string;
}

export type Cause = "answered_elsewhere" | "busy" | "call_cancelled" | "call_not_answered" | "call_pickup" | "dest_not_obtainable" | "do_not_disturb" | "network_congestion" | "normal_clearing" | "park_timed_out" | "parked" | "queue_timed_out" | "redirected" | "rejected" | "transferred" | "unknown";

export type Channel = "branch" | "case" | "chat" | "email" | "order" | "other" | "phone" | "self_service" | "web";

export interface Chosen {
  readonly decision: string;
  readonly record: RecordRef;
  readonly by: string;
  readonly at: string;
  readonly call_id?: string;
  readonly unreachable?: boolean;
}

export interface ClosedFrame {
  readonly frame: "closed";
  readonly call_id: string;
  readonly reason: ClosedReason;
}

export type ClosedReason = "answered_elsewhere" | "cancelled" | "ended" | "left" | "not_answered" | "rejected" | "unknown";

export interface CommandResult {
  readonly id: string;
  readonly done: boolean;
  readonly refusal?: Refusal | null;
  readonly message?: string;
  readonly value?: string;
  readonly call_id?: string;
}

export interface CompleteTransfer {
  readonly command: "complete_transfer";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface Conference {
  readonly command: "conference";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
  readonly to?: string | null;
}

export interface Conflict {
  readonly field: string;
  readonly values: readonly (SourcedStr)[];
}

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

export interface Consent {
  readonly purpose: string;
  readonly granted: boolean;
  readonly channel?: string;
  readonly given_on?: string | null;
  readonly valid_until?: string | null;
}

export interface Consult {
  readonly command: "consult";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
  readonly to: string;
}

export interface ContextFrame {
  readonly frame: "context";
  readonly context: CustomerContext;
}

export interface Customer {
  readonly ids: Readonly<Record<string, string>>;
  readonly kind?: Kind;
  readonly name?: SourcedName | null;
  readonly birth_date?: SourcedDate | null;
  readonly organization?: SourcedStr | null;
  readonly department?: SourcedStr | null;
  readonly title?: SourcedStr | null;
  readonly language?: SourcedStr | null;
  readonly segment?: SourcedStr | null;
  readonly tier?: SourcedStr | null;
  readonly value?: SourcedMoney | null;
  readonly owner?: SourcedStr | null;
  readonly preferences?: Readonly<Record<string, SourcedStr>>;
  readonly consents?: readonly (SourcedConsent)[];
  readonly products?: readonly (SourcedProduct)[];
  readonly phones?: readonly (SourcedPhone)[];
  readonly emails?: readonly (SourcedEmail)[];
  readonly addresses?: readonly (SourcedAddress)[];
  readonly orders?: readonly (SourcedOrder)[];
  readonly cases?: readonly (SourcedCase)[];
  readonly invoices?: readonly (SourcedInvoice)[];
  readonly balances?: readonly (SourcedMoney)[];
  readonly urls?: readonly (SourcedStr)[];
  readonly extra?: Readonly<Record<string, SourcedStr>>;
  readonly matches?: readonly (RecordMatch)[];
  readonly conflicts?: readonly (Conflict)[];
  readonly proposals?: readonly (Proposal)[];
  readonly hidden?: readonly (Hidden)[];
}

export interface CustomerContext {
  readonly call_id: string;
  readonly phone: PhoneNumber;
  readonly revision?: number;
  readonly complete?: boolean;
  readonly customers?: readonly (Customer)[];
  readonly chosen?: Chosen | null;
  readonly maybe_same?: readonly (RecordMatch)[];
  readonly answers?: readonly (BackendAnswer)[];
  readonly interactions?: readonly (Interaction)[];
  readonly has_older?: boolean;
  readonly repeats?: readonly (Repeat)[];
  readonly callback?: Callback | null;
}

export interface CustomerHit {
  readonly customer: Customer;
  readonly records: readonly (RecordRef)[];
  readonly why: readonly (Why)[];
}

export interface CustomerRecord {
  readonly system: string;
  readonly id: string;
  readonly mapping?: string;
  readonly fetched_at?: string | null;
  readonly changed_at?: string | null;
  readonly kind?: Kind;
  readonly name?: Name;
  readonly birth_date?: string | null;
  readonly organization?: string;
  readonly organization_id?: string;
  readonly department?: string;
  readonly title?: string;
  readonly phones?: readonly (Phone)[];
  readonly emails?: readonly (Email)[];
  readonly addresses?: readonly (Address)[];
  readonly language?: string;
  readonly segment?: string;
  readonly tier?: string;
  readonly value?: Money | null;
  readonly owner?: string;
  readonly preferences?: Readonly<Record<string, string>>;
  readonly consents?: readonly (Consent)[];
  readonly products?: readonly (Product)[];
  readonly ids?: Readonly<Record<string, string>>;
  readonly orders?: readonly (Order)[];
  readonly cases?: readonly (Case)[];
  readonly invoices?: readonly (Invoice)[];
  readonly balance?: Money | null;
  readonly url?: string;
  readonly extra?: Readonly<Record<string, string>>;
  readonly hidden?: readonly (Hidden)[];
}

export interface CustomerRef {
  readonly phones?: readonly (string)[];
  readonly emails?: readonly (string)[];
  readonly ids?: Readonly<Record<string, string>>;
}

export interface CustomerSearch {
  readonly hits?: readonly (CustomerHit)[];
  readonly has_more?: boolean;
  readonly answers?: readonly (BackendAnswer)[];
  readonly unclaimed?: readonly (UnclaimedMatter)[];
}

export interface CustomerView {
  readonly customer: Customer;
  readonly records: readonly (CustomerRecord)[];
  readonly maybe_same?: readonly (RecordMatch)[];
  readonly answers?: readonly (BackendAnswer)[];
}

export type DecisionKind = "different" | "meant" | "same";

export type DeviceState = "alerting" | "busy" | "held" | "idle" | "unavailable" | "unknown";

export interface DeviceStatus {
  readonly pbx: string;
  readonly device: string;
  readonly state?: DeviceState;
}

export interface Dial {
  readonly command: "dial";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly to: string;
}

export type Direction = "inbound" | "internal" | "outbound";

export interface Email {
  readonly address: string;
  readonly label?: string;
  readonly verified?: boolean;
  readonly shared?: boolean;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
}

export type FoundBy = "backend" | "case" | "email" | "initials" | "invoice" | "name" | "order" | "phone" | "phone_end" | "pinyin" | "product" | "record_id";

export interface HangUp {
  readonly command: "hang_up";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface Hello {
  readonly frame: "hello";
  readonly agent: AgentProfile;
  readonly server_time: string;
  readonly version: string;
  readonly pops: readonly (Pop)[];
  readonly contexts: readonly (CustomerContext)[];
  readonly pbx: readonly (PbxStatus)[];
  readonly commands?: readonly (string)[];
  readonly not_ready_reasons?: readonly (string)[];
  readonly dispositions?: readonly (string)[];
  readonly writes?: readonly (WriteKind)[];
  readonly status?: AgentStatus | null;
  readonly queues?: readonly (QueueView)[];
  readonly team?: readonly (TeamMember)[];
  readonly callbacks?: readonly (Callback)[];
  readonly titles?: Readonly<Record<string, string>>;
}

export interface Hidden {
  readonly field: string;
  readonly shown: Hiding;
  readonly reason: HiddenReason;
  readonly purpose?: string;
}

export type HiddenReason = "consent" | "role";

export type Hiding = "masked" | "nothing";

export interface Hold {
  readonly command: "hold";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface IdentityDecided {
  readonly decision: IdentityDecision;
  readonly replaces?: readonly (string)[];
  readonly notes?: readonly (string)[];
}

export interface IdentityDecision {
  readonly id: string;
  readonly kind: DecisionKind;
  readonly records: readonly (RecordRef)[];
  readonly by: string;
  readonly at: string;
  readonly key?: string;
  readonly call_id?: string;
  readonly reason?: string;
  readonly withdrawn?: boolean;
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
  readonly agent?: string;
  readonly url?: string;
  readonly duration_s?: number | null;
  readonly queue?: string;
  readonly notes?: readonly (Note)[];
  readonly history?: readonly (PastState)[];
  readonly extra?: Readonly<Record<string, string>>;
}

export interface Invoice {
  readonly id: string;
  readonly status?: string;
  readonly issued_on?: string | null;
  readonly due_on?: string | null;
  readonly amount?: string;
  readonly remaining?: string;
  readonly currency?: string;
  readonly open?: boolean;
  readonly url?: string;
}

export type Kind = "individual" | "org";

export interface LogOff {
  readonly command: "log_off";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly queues?: readonly (string)[];
}

export interface LogOn {
  readonly command: "log_on";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly queues?: readonly (string)[];
}

export interface Membership {
  readonly pbx: string;
  readonly queue: string;
  readonly device: string;
  readonly is_paused?: boolean;
  readonly reason?: string;
  readonly is_dynamic?: boolean;
  readonly penalty?: number;
  readonly calls_taken?: number;
  readonly last_call_at?: string | null;
}

export interface Money {
  readonly amount: string;
  readonly currency?: string;
}

export interface Monitor {
  readonly command: "monitor";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
  readonly target: string;
  readonly mode?: Monitoring;
}

export type Monitoring = "barge" | "spy" | "whisper";

export interface Mute {
  readonly command: "mute";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface Name {
  readonly full?: string;
  readonly given?: string;
  readonly surname?: string;
}

export interface NotReady {
  readonly command: "not_ready";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly reason?: string;
  readonly queues?: readonly (string)[];
}

export interface Note {
  readonly at: string;
  readonly agent?: string;
  readonly text?: string;
  readonly disposition?: string;
  readonly new_case?: string;
}

export interface Order {
  readonly id: string;
  readonly status?: string;
  readonly description?: string;
  readonly ordered_on?: string | null;
  readonly due_on?: string | null;
  readonly delivered_on?: string | null;
  readonly amount?: string;
  readonly currency?: string;
  readonly open?: boolean;
  readonly url?: string;
}

export type Outcome = "abandoned" | "answered" | "busy" | "failed" | "not_answered" | "unknown";

export interface Park {
  readonly command: "park";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface PastState {
  readonly at: string;
  readonly status: string;
}

export interface PauseRecording {
  readonly command: "pause_recording";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface PbxStatus {
  readonly name: string;
  readonly connected: boolean;
  readonly reason?: string;
}

export interface Phone {
  readonly number: string;
  readonly label?: string;
  readonly verified?: boolean;
  readonly shared?: boolean;
  readonly valid_from?: string | null;
  readonly valid_until?: string | null;
}

export interface PhoneNumber {
  readonly raw?: string;
  readonly e164?: string | null;
  readonly display?: string;
  readonly region?: string | null;
  readonly anonymous?: boolean;
}

export interface PickUp {
  readonly command: "pick_up";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
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

export interface Product {
  readonly name: string;
  readonly id?: string;
  readonly model?: string;
  readonly serial_number?: string;
  readonly status?: string;
  readonly bought_on?: string | null;
  readonly bought_from?: string;
  readonly place?: string;
  readonly warranty_until?: string | null;
  readonly ends_on?: string | null;
}

export interface Proposal {
  readonly rule: string;
  readonly kind: ProposalKind;
  readonly text: Readonly<Record<string, string>>;
  readonly reason: Readonly<Record<string, string>>;
  readonly about?: string;
  readonly fields?: readonly (string)[];
}

export type ProposalKind = "attention" | "offer" | "stop";

export interface QueuePlace {
  readonly pbx: string;
  readonly queue: string;
}

export interface QueueView {
  readonly pbx: string;
  readonly queue: string;
  readonly waiting?: number;
  readonly longest_wait_since?: string | null;
  readonly logged_on?: number;
  readonly ready?: number;
  readonly service_level_s?: number;
  readonly service_level?: number | null;
}

export interface QueueVisit {
  readonly queue: string;
  readonly joined_at: string;
  readonly left_at?: string | null;
}

export interface QueuesFrame {
  readonly frame: "queues";
  readonly queues: readonly (QueueView)[];
}

export interface Ready {
  readonly command: "ready";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly queues?: readonly (string)[];
}

export interface Reason {
  readonly rule: string;
  readonly score: number;
  readonly detail?: string;
}

export interface Reconnect {
  readonly command: "reconnect";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface RecordMatch {
  readonly one: RecordRef;
  readonly other: RecordRef;
  readonly score: number;
  readonly reasons?: readonly (Reason)[];
  readonly decision?: string;
}

export interface RecordRef {
  readonly system: string;
  readonly id: string;
}

export type RecordingState = "off" | "on" | "paused";

export type Refusal = "id_reused" | "no_such_agent" | "no_such_call" | "no_such_device" | "no_such_queue" | "not_allowed" | "not_possible" | "pbx_not_connected" | "pbx_refused" | "timed_out" | "wrong_state";

export interface Repeat {
  readonly reference: string;
  readonly contacts: number;
  readonly since: string;
  readonly channels?: readonly (Channel)[];
}

export interface ResumeRecording {
  readonly command: "resume_recording";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface Retrieve {
  readonly command: "retrieve";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export type Role = "called" | "caller" | "observer";

export interface Saved {
  readonly connector: string;
  readonly title: string;
  readonly kind: WriteKind;
  readonly id?: string;
  readonly was_there?: boolean;
  readonly later?: boolean;
  readonly refused?: string;
  readonly problem?: string;
}

export interface SendDigits {
  readonly command: "send_digits";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
  readonly digits: string;
}

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

export interface SourcedConsent {
  readonly value: Consent;
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

export interface SourcedInvoice {
  readonly value: Invoice;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedMoney {
  readonly value: Money;
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

export interface SourcedProduct {
  readonly value: Product;
  readonly system: string;
  readonly record: string;
  readonly at?: string | null;
  readonly mapping?: string;
}

export interface SourcedDate {
  readonly value: string;
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

export interface StartRecording {
  readonly command: "start_recording";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface StatusFrame {
  readonly frame: "status";
  readonly pbx: readonly (PbxStatus)[];
}

export interface StopRecording {
  readonly command: "stop_recording";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface TeamFrame {
  readonly frame: "team";
  readonly members: readonly (TeamMember)[];
}

export interface TeamMember {
  readonly agent: string;
  readonly name: string;
  readonly state: AgentState;
  readonly since: string;
  readonly number?: string;
  readonly reason?: string;
  readonly queues?: readonly (string)[];
  readonly call_id?: string;
}

export interface TimelinePage {
  readonly interactions?: readonly (Interaction)[];
  readonly repeats?: readonly (Repeat)[];
  readonly next?: string;
}

export type TransferKind = "attended" | "blind" | "blonde";

export interface UnclaimedMatter {
  readonly by: FoundBy;
  readonly text: string;
  readonly system: string;
  readonly customer: CustomerRef;
  readonly is_exact?: boolean;
}

export interface Unmute {
  readonly command: "unmute";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
}

export interface Why {
  readonly by: FoundBy;
  readonly record: RecordRef;
  readonly text?: string;
  readonly is_exact?: boolean;
}

export interface WrapUp {
  readonly id: string;
  readonly note?: string;
  readonly disposition?: string;
  readonly new_case?: string;
  readonly priority?: string;
  readonly reference?: string;
  readonly customer?: Readonly<Record<string, string>>;
  readonly agent?: string;
}

export interface WrapUpResult {
  readonly id: string;
  readonly saved?: readonly (Saved)[];
}

export type WriteKind = "activity" | "case" | "note";

export interface HubDomainCallTransfer {
  readonly kind: TransferKind;
  readonly time: string;
  readonly by_device: string;
  readonly by_agent?: string | null;
  readonly to?: string;
}

export interface HubDomainControlTransfer {
  readonly command: "transfer";
  readonly id: string;
  readonly agent?: string;
  readonly device?: string;
  readonly call_id: string;
  readonly to: string;
}

export type Frame = Hello | PopFrame | ContextFrame | ClosedFrame | StatusFrame | AgentFrame | QueuesFrame | TeamFrame | CallbacksFrame;

export type Command = Dial | Answer | HangUp | Hold | Retrieve | HubDomainControlTransfer | Consult | CompleteTransfer | Reconnect | Conference | Park | PickUp | SendDigits | Mute | Unmute | StartRecording | StopRecording | PauseRecording | ResumeRecording | Monitor | LogOn | LogOff | Ready | NotReady | AfterCallWork;
