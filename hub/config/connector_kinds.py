"""All kinds of connectors: those that ctihub brings, and those of other packages (entry points `ctihub.connectors`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, reduce
from importlib.metadata import EntryPoint, entry_points
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field

from hub.config.connector_base import ConnectorBase
from hub.config.connectors import ODataConnector, RestConnector, SoapConnector
from hub.config.csv_file import CsvConnector
from hub.config.sql import SqlConnector

GROUP = "ctihub.connectors"
BUILT_IN: tuple[type[ConnectorBase], ...] = (
    RestConnector,
    SoapConnector,
    ODataConnector,
    SqlConnector,
    CsvConnector,
)

_OWN = frozenset(kind for model in BUILT_IN for kind in get_args(model.model_fields["kind"].annotation))
_MAX_SAID = 200


@lru_cache(maxsize=1)
def registered() -> Mapping[str, Any]:
    """Return the kinds of other packages, by kind: a `ConnectorKind` (connectors/kind.py) each.

    One that can't be loaded is left out; `broken` says why.
    """
    return {name: kind for name, kind, _ in _loaded() if kind is not None}


@lru_cache(maxsize=1)
def broken() -> Mapping[str, str]:
    """Return why a kind of another package can't be used, by kind."""
    return {name: reason for name, _, reason in _loaded() if reason}


@lru_cache(maxsize=1)
def _loaded() -> tuple[tuple[str, Any, str], ...]:
    points = entry_points(group=GROUP)
    return tuple(_taken(point, points) or _load(point) for point in points)


def _taken(point: EntryPoint, points: Iterable[EntryPoint]) -> tuple[str, Any, str] | None:
    """Refuse a kind that there is already, before its package is imported."""
    if point.name in _OWN:
        return point.name, None, f"{_package(point)} names its kind {point.name!r}, which ctihub has itself"
    others = [other for other in points if other.name == point.name and other.value != point.value]
    if others:
        packages = " and ".join(sorted({_package(other) for other in (point, *others)}))
        return point.name, None, f"{packages} both bring it: remove one of them"
    return None


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value


def _load(point: EntryPoint) -> tuple[str, Any, str]:
    package = _package(point)
    try:
        kind = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever another package runs into, the others are to work
        said = " ".join(str(error).split())[:_MAX_SAID]
        return point.name, None, f"{package} can't be loaded: {type(error).__name__}: {said}"
    model = getattr(kind, "config", None)
    if not (isinstance(model, type) and issubclass(model, ConnectorBase)):
        return point.name, None, f"{package} gives no ConnectorKind with a configuration that is a ConnectorBase"
    if point.name not in get_args(model.model_fields["kind"].annotation if "kind" in model.model_fields else None):
        return point.name, None, f"{package}: its configuration needs `kind: Literal[{point.name!r}]`"
    return point.name, kind, ""


def _models() -> Iterator[type[ConnectorBase]]:
    yield from BUILT_IN
    for kind in registered().values():
        yield kind.config


if TYPE_CHECKING:
    ConnectorConfig = ConnectorBase
else:
    ConnectorConfig = Annotated[reduce(or_, _models()), Field(discriminator="kind")]
