"""How a backend tells that there is more, and how the next page is asked for."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.config.patterned import patterned
from hub.config.request import PathText
from hub.config.section import Section

ParamName = Annotated[
    str, patterned(r"[A-Za-z0-9_.$\[\]-]{1,100}", "a parameter's name: letters, digits and _ . $ [ ] -")
]


class Paging(Section):
    """One of four ways; at most `max_pages` are read, and no more than the connector's `max_records`.

    `next` is where in the reply the next page's address stands; with `param`, a token that goes into that parameter.
    `link: true` follows the header `Link` with rel="next" (RFC 8288). `page` names the parameter that counts pages,
    from `first` on; `offset` the one that counts the rows before. With these two `size` rows are asked for in the
    parameter `size_param`, and fewer than that mean: this was the last page.
    """

    next: PathText | None = None
    param: ParamName | None = None
    link: bool = False
    page: ParamName | None = None
    first: Annotated[int, Field(ge=0, le=1)] = 1
    offset: ParamName | None = None
    size: Annotated[int, Field(ge=1, le=1_000)] | None = None
    size_param: ParamName | None = None
    max_pages: Annotated[int, Field(ge=1, le=50)] = 10

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.next is not None, self.link, self.page is not None, self.offset is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of `next`, `link: true`, `page`, `offset`")
        if self.param is not None and self.next is None:
            raise ValueError("`param` is where the token goes that `next` finds: give `next`, too")
        counts = self.page is not None or self.offset is not None
        if counts != (self.size is not None):
            raise ValueError("`size` goes with `page` and `offset`, which both need it")
        if self.size_param is not None and not counts:
            raise ValueError("`size_param` goes with `page` or `offset`")
        return self
