"""What the snippet for web sites sends in whose name, run in Node with as much of a browser as it needs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jwt
import pytest

import hub.desk

SNIPPET = Path(hub.desk.__file__).parent / "static" / "embed" / "visit.js"
_BROWSER = """
const kept = () => { const all = {}; return {
  getItem: (key) => all[key] ?? null,
  setItem: (key, value) => { all[key] = value },
  removeItem: (key) => delete all[key],
}; };
const sent = [];
const answers = [];
globalThis.document = {
  currentScript: { src: "https://hub.example.com/embed/visit.js", dataset: { feed: "shop", visits: "manual" } },
  title: "", documentElement: { lang: "" }, addEventListener() {}, dispatchEvent() {},
};
globalThis.localStorage = kept();
globalThis.sessionStorage = kept();
globalThis.location = { href: "https://www.example.com/" };
Object.defineProperty(globalThis, "navigator", { value: {} });
globalThis.window = globalThis;
const timers = [];
globalThis.setTimeout = (task) => timers.push(task);
globalThis.clearTimeout = () => {};
globalThis.fetch = async (url, { headers, body }) => {
  sent.push([headers.authorization, ...JSON.parse(body).pages.map((page) => page.title)]);
  return { ok: (answers.shift() ?? 204) < 300, status: 503, headers: new Map(), text: async () => "" };
};
const flush = async () => {
  while (timers.length) { await timers.shift()(); }
};
"""


def told(story: str) -> list[list[str]]:
    """Run a story after the snippet; return the requests: the token, then the titles of the pages."""
    node = shutil.which("node")
    if node is None or not SNIPPET.is_file():
        pytest.fail("Node and the built pages are needed: run `make setup`.")
    script = f"{_BROWSER}\n{SNIPPET.read_text()}\n(async () => {{ {story} console.log(JSON.stringify(sent)); }})();"
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, timeout=60, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found


def signed(customer: str, **more: Any) -> str:
    return jwt.encode({"sub": customer, "aud": "shop", **more}, "x" * 32, algorithm="HS256")


ANNA, ANNA_RENEWED, BERT = signed("anna ü"), signed("anna ü", exp=1), signed("bert")


def test_pages_go_out_in_the_name_of_who_looked_at_them() -> None:
    """Who signs in after somebody else looked at nothing of theirs, whether that one signed out or not."""
    for sign_out in ("", "ctihub.identify();"):
        story = f"""
            ctihub.consent(true); ctihub.identify("{ANNA}"); ctihub.visit({{ title: "Divorce" }});
            {sign_out} ctihub.identify("{BERT}"); ctihub.visit({{ title: "Washers" }}); await flush();
        """
        assert [[f"Bearer {BERT}", "Washers"]] == told(story)


def test_what_could_not_be_sent_is_not_sent_for_another_visitor() -> None:
    """The hub was away just then; of a visitor who is the same, by a renewed token, it is sent again."""
    story = """
        ctihub.consent(true); ctihub.identify("%s"); ctihub.visit({ title: "Divorce" }); answers.push(503);
        const sending = timers.shift()(); ctihub.identify("%s"); await sending;
        ctihub.visit({ title: "Washers" }); await flush();
    """
    assert [[f"Bearer {ANNA}", "Divorce"], [f"Bearer {BERT}", "Washers"]] == told(story % (ANNA, BERT))
    again = [[f"Bearer {ANNA}", "Divorce"], [f"Bearer {ANNA_RENEWED}", "Divorce", "Washers"]]
    assert again == told(story % (ANNA, ANNA_RENEWED))
