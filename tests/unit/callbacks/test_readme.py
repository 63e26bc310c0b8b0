"""What the page for a site's developers shows works as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import hub.callbacks
from hub.config.load import load_config
from hub.desk.visitors import VisitorTokens
from hub.domain.callback import CallbackReason, CallbackState

TEXT = (Path(hub.callbacks.__file__).parent / "README.md").read_text(encoding="utf-8")
SNIPPET = (Path(hub.callbacks.__file__).parents[1] / "desk/web/embed/visit.ts").read_text(encoding="utf-8")
HEAD = "hub: {region: DE}\npbx: {main: {host: h, username: u, secret: s}}\n"
SECRET = "0123456789abcdef0123456789abcdef"


def example(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert isinstance(found, str)
    return found


def test_the_configuration_and_the_token_fit(tmp_path: Path) -> None:
    """The site that is shown takes the token that the site's server is shown to sign."""
    (tmp_path / "ctihub.yaml").write_text(HEAD + example("yaml"), encoding="utf-8")
    config = load_config(tmp_path / "ctihub.yaml", {"SHOP_SECRET": SECRET})
    shown: dict[str, Any] = {}
    exec(example("python"), shown)  # noqa: S102 - our own text
    token: str = shown["visitor_token"]("4711", SECRET)
    visitor = VisitorTokens(config.inbound, region="DE").visitor("shop", f"Bearer {token}")
    assert ("4711", "webshop", "petra@example.com") == (visitor.id, visitor.system, visitor.email)


def test_the_snippet_has_what_is_told_of_it() -> None:
    """Each call in the table is in the script, and none of the script's is missing there."""
    told = set(re.findall(r"`ctihub\.([a-zA-Z]+)\(", TEXT))
    api = SNIPPET[SNIPPET.index("const api = {") : SNIPPET.index("if (feed) {")]
    assert set(re.findall(r"^  ([a-zA-Z]+)\(", api, re.MULTILINE)) == told
    assert {"feed", "query", "visits"} == set(re.findall(r'dataset\["([a-z]+)"\]', SNIPPET))
    assert {"feed", "query", "visits"} == set(re.findall(r"data-([a-z]+)=", TEXT))


def test_every_state_and_reason_is_told() -> None:
    """A developer finds each of them on the page."""
    assert [] == [one for one in (*CallbackState, *CallbackReason) if f"`{one}`" not in TEXT]


def test_each_reason_of_a_refusal_is_told() -> None:
    """A site says its own words by the code: none that the script, the hub or the callbacks give is missing."""
    root = Path(hub.callbacks.__file__).parents[1]
    files = [*root.glob("callbacks/*.py"), *root.glob("desk/web/embed/*.ts"), root / "desk/visitors.py"]
    given = {
        code
        for file in files
        for code in re.findall(
            r'(?:CallbackRefusedError|Refused|ApiError)\((?:401, )?\s*"(\w+)"', file.read_text("utf-8")
        )
    }
    told = set(re.findall(r"`(\w+)`", TEXT[TEXT.index("| code | means |") : TEXT.index("## When who is called")]))
    assert {"no_consent", "kind_not_called", "token_expired"} <= given
    assert given <= told
