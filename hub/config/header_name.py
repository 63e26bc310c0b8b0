"""Names of HTTP headers."""

from __future__ import annotations

from typing import Annotated

from hub.config.patterned import patterned

HeaderName = Annotated[
    str,
    patterned(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", "a header's name: letters, digits and -, without a space or colon"),
]
