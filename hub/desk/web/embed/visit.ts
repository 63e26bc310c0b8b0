// What a web site puts on its pages: <script src="https://HUB/embed/visit.js" data-feed="shop" async></script>
// Nothing is sent or kept before the site calls consent(true). hub/callbacks/README.md says how it is used.
import { ask, Refused } from "./hub";
import { Kept } from "./kept";

interface Page {
  url?: string;
  title?: string;
  product?: string;
}

interface Wish {
  phone?: string;
  topic?: string;
  at?: Date | string;
  language?: string;
}

interface Looked extends Required<Pick<Page, "url" | "title">> {
  product?: string;
  at: number;
}

type Task = (api: unknown) => void;

const COLLECTED_MS = 1_000;
const LAST_TRY = 4;
const MOST_PAGES = 20;
const LONGEST_S = 3_600;

const script = document.currentScript as HTMLScriptElement | null;
const feed = script?.dataset["feed"];
const base = script?.src.replace(/[^/]*$/, "") ?? "";
const allowed = (script?.dataset["query"] ?? "").split(/[\s,]+/);

const consented = new Kept(() => localStorage, `ctihub.${feed}`);
const visit = new Kept(() => sessionStorage, `ctihub.${feed}`);
let token = "";
let visitor = "";
let pages: Looked[] = [];
let hasReported = false;
let failures = 0;
let timer: number | undefined;

/** A browser that says so by itself (GPC, DNT) is not reported on, whatever was clicked; callbacks are asked for. */
const declines = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl || navigator.doNotTrack === "1";

function address(path: string): string {
  return `${base}${path}?feed=${encodeURIComponent(feed ?? "")}`;
}

/** A page's address without what stands behind ? and #, but for the parameters that the site allows. */
function pageAddress(text = location.href): string {
  const url = new URL(text, location.href);
  const query = new URLSearchParams([...url.searchParams].filter(([name]) => allowed.includes(name))).toString();
  return url.origin + url.pathname + (query ? `?${query}` : "");
}

/** Whom a token is of, to tell a renewed one from another visitor's; whether it is right the hub says. */
function visitorOf(signed: string): string {
  try {
    return String(JSON.parse(atob((signed.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"))).sub);
  } catch {
    return signed;
  }
}

function send(afterMs: number): void {
  timer ??= window.setTimeout(flush, afterMs);
}

async function flush(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  if (!pages.length || !token || !consented.get()) return;
  const sent = pages;
  const by = visitor;
  pages = [];
  try {
    const now = Date.now();
    await ask(address("visits"), token, "POST", {
      visit: visit.get(),
      consent: consented.get(),
      pages: sent.map(({ at, ...page }) => ({ ...page, ago_s: Math.min(LONGEST_S, Math.max(0, (now - at) / 1000)) })),
    });
    failures = 0;
  } catch (error) {
    const refused = error as Refused;
    if (by !== visitor) return; // somebody else is signed in by now
    if (refused.status === 401) {
      token = "";
      document.dispatchEvent(new Event("ctihub:token"));
    } else if (!refused.isPassing || ++failures >= LAST_TRY) {
      failures = 0;
      return;
    } else {
      send(Math.max(refused.waitS * 1000, COLLECTED_MS * 4 ** failures));
    }
    if (consented.get()) pages = [...sent, ...pages].slice(-MOST_PAGES);
  }
}

function reportThisPage(): void {
  if (!hasReported && script?.dataset["visits"] !== "manual") api.visit();
}

async function own(method: string, path: string, body?: unknown): Promise<unknown> {
  if (!consented.get()) throw new Refused("no_consent", "The visitor has not agreed yet.");
  if (!token) throw new Refused("no_token", "The visitor is not signed in.");
  return ask(address(path), token, method, body);
}

/** A moment as the hub reads it; what is none is sent as it is, for the hub to say so. */
function moment(at: Date | string): string {
  const date = new Date(at);
  return isNaN(+date) ? String(at) : date.toISOString();
}

const api = {
  /** Say that the visitor agrees, or agrees no more: then nothing is sent, and what is kept is forgotten. */
  consent(agrees: boolean): void {
    if (agrees) {
      if (!consented.get()) consented.set(new Date().toISOString());
      reportThisPage();
      return;
    }
    consented.set("");
    visit.set("");
    pages = [];
    hasReported = false;
  },

  /** Say who the visitor is, by what the site's server has signed; without it that nobody is signed in. */
  identify(signed?: string): void {
    const now = signed ? visitorOf(signed) : "";
    if (!now || (visitor && now !== visitor)) {
      // What one visitor looked at is never told as another's.
      visit.set("");
      pages = [];
      hasReported = false;
    }
    visitor = now;
    token = signed ?? "";
    reportThisPage();
    if (pages.length) send(COLLECTED_MS);
  },

  /** Report a page, without anything in it this one. Returns whether it will be. */
  visit(page: Page = {}): boolean {
    if (!consented.get() || declines || !token) return false;
    hasReported = true;
    if (!visit.get()) {
      visit.set([...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    }
    const looked = { url: pageAddress(page.url), title: (page.title ?? document.title).slice(0, 300), at: Date.now() };
    pages = [...pages, page.product ? { ...looked, product: page.product } : looked].slice(-MOST_PAGES);
    send(COLLECTED_MS);
    return true;
  },

  /** Ask to be called back; the promise brings the callback as it stands, or is rejected with `code` and `message`. */
  callback({ phone, topic, at, language }: Wish = {}): Promise<unknown> {
    return own("POST", "callbacks", {
      ...(phone ? { phone } : {}),
      ...(topic ? { topic } : {}),
      ...(at ? { at: moment(at) } : {}),
      url: pageAddress(),
      title: document.title.slice(0, 300),
      language: language ?? document.documentElement.lang,
    });
  },

  callbackState(id: string): Promise<unknown> {
    return own("GET", `callbacks/${encodeURIComponent(id)}`);
  },

  cancel(id: string): Promise<unknown> {
    return own("DELETE", `callbacks/${encodeURIComponent(id)}`);
  },

  /** Run what needs the API: before the script is there, an array in its place takes it. */
  push(task: Task): void {
    task(api);
  },
};

if (feed) {
  const page = window as unknown as { ctihub?: unknown };
  const waiting = page.ctihub;
  page.ctihub = Object.freeze(api);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void flush();
  });
  if (Array.isArray(waiting)) waiting.forEach((task: Task) => api.push(task));
} else {
  console.error('ctihub: the script needs data-feed="...", the name of the site in the hub');
}
