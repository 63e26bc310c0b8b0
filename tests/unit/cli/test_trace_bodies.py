"""Bodies as a trace shows them."""

import json

import pytest

from hub.cli.trace_bodies import MAX_LINE, readable_body
from hub.masking import Masking

SECRET = 'geheim-"4711"-zwölf'


@pytest.mark.parametrize(
    "body",
    [
        "x" * (MAX_LINE - 10) + SECRET,
        json.dumps({"note": "x" * (MAX_LINE - 20) + SECRET}),
        json.dumps({"rest_data": json.dumps({"pass": SECRET})}),
        json.dumps({"rest_data": json.dumps({"pass": SECRET}, ensure_ascii=False)}, ensure_ascii=False),
    ],
    ids=["cut", "cut in JSON", "JSON in JSON", "JSON in JSON, unescaped"],
)
def test_no_part_of_a_secret_stays(body: str) -> None:
    """A secret is hidden before a long line is cut, and where JSON carries JSON."""
    masking = Masking()
    masking.hide([SECRET])
    shown = "\n".join(readable_body(body.encode(), masking.line))
    for part in ("geheim", "4711", "lf"):
        assert part not in shown
    assert "***" in shown
