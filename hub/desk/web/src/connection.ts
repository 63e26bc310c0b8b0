/** The WebSocket to the hub, for ever: back-off with jitter, and a look whether the session still stands. */
import { session } from "./api";
import type { Frame } from "./frames";
import { parsed } from "./json";

export type Link = "connecting" | "live" | "lost";

export interface ConnectionEvents {
  frame(frame: Frame): void;
  link(link: Link): void;
  /** The hub no longer knows this session. */
  signedOut(): void;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;
/**
 * A dead network closes no socket. The hub speaks every 20 s; after this much silence a second socket is opened,
 * and takes over at its hello.
 */
const SILENCE_MS = 45_000;
const HELLO_MS = 10_000;
const CLOSED_SIGNED_OUT = 4401;

export class Connection {
  private socket: WebSocket | undefined;
  private attempts = 0;
  private successor: WebSocket | undefined;
  private heardAt = 0;
  private retry: number | undefined;
  private watch: number | undefined;
  private stopped = true;

  constructor(private readonly events: ConnectionEvents) {}

  start(): void {
    this.stopped = false;
    addEventListener("offline", this.drop);
    addEventListener("online", this.retryNow);
    this.watch = setInterval(this.checkSilence, HELLO_MS / 4);
    this.events.link("connecting");
    this.socket = this.open();
  }

  stop(): void {
    this.stopped = true;
    removeEventListener("offline", this.drop);
    removeEventListener("online", this.retryNow);
    clearInterval(this.watch);
    clearTimeout(this.retry);
    this.release();
  }

  private open(): WebSocket {
    const url = new URL("/api/v1/desk", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.heardAt = performance.now();
    socket.onmessage = ({ data }) => this.received(socket, parsed(data as string) as Frame);
    socket.onclose = ({ code }) => (code === CLOSED_SIGNED_OUT ? this.events.signedOut() : this.drop());
    return socket;
  }

  private received(socket: WebSocket, frame: Frame): void {
    if (socket === this.successor) {
      discard(this.socket);
      this.socket = socket;
      this.successor = undefined;
    }
    this.heardAt = performance.now();
    if (frame.frame === "hello") {
      this.attempts = 0;
      this.events.link("live");
    }
    this.events.frame(frame);
  }

  private readonly drop = (): void => {
    if (this.stopped || !this.socket) return;
    this.release();
    this.events.link("lost");
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.attempts++);
    this.retry = setTimeout(() => void this.reopen(), ceiling * (0.5 + Math.random() / 2));
  };

  private release(): void {
    discard(this.socket);
    discard(this.successor);
    this.socket = this.successor = undefined;
  }

  private readonly retryNow = (): void => {
    if (this.stopped || this.socket) return;
    clearTimeout(this.retry);
    void this.reopen();
  };

  /** A browser does not tell a page that a WebSocket was refused with 401, so the session is asked first. */
  private async reopen(): Promise<void> {
    const state = await session();
    if (this.stopped || this.socket) return;
    if (state.kind === "signed_out") this.events.signedOut();
    else this.socket = this.open();
  }

  private readonly checkSilence = (): void => {
    const silence = performance.now() - this.heardAt;
    if (!this.socket) return;
    const waitsForHello = this.successor !== undefined || this.socket.readyState === WebSocket.CONNECTING;
    if (waitsForHello && silence > HELLO_MS) this.drop();
    else if (!waitsForHello && silence > SILENCE_MS) this.successor = this.open();
  };
}

function discard(socket: WebSocket | undefined): void {
  if (!socket) return;
  socket.onmessage = socket.onclose = null;
  socket.close(1000);
}
