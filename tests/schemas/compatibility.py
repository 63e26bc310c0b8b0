"""Whether who reads events by an older schema can read them by a newer one.

Seen from the reader: what it relied on has to stay. It was told (`hub/domain/data_schema.py`) to pass over fields,
values of enumerations and members of tagged unions that it does not know, so these may be added. Everything else that
is written may become narrower (always there, never null, of fewer types), never wider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "const")


class Change(NamedTuple):
    """One difference; `path` is where, as in `call.connections[].state`."""

    path: str
    what: str
    breaks: bool

    def __str__(self) -> str:
        return f"{self.path or 'the data'}: {self.what}"


def changes(old: Schema, new: Schema) -> list[Change]:
    """Return what is different, the same place once, in the order of the older schema."""
    return list(dict.fromkeys(_Comparison(old, new).run()))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str]] = set()

    def run(self) -> Iterator[Change]:
        yield from self._compare(self._old, self._new, "")

    def _compare(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        references = (old.get("$ref"), new.get("$ref"))
        if all(references):
            pair = (str(references[0]), str(references[1]))
            if pair in self._seen:
                return
            self._seen.add(pair)
        before, after = _alternatives(old, self._old), _alternatives(new, self._new)
        yield from self._values(before, after, path)
        is_union = max(_objects(before), _objects(after)) > 1
        olds = {_kind(one, self._old, tagged=is_union): one for one in before}
        news = {_kind(one, self._new, tagged=is_union): one for one in after}
        yield from _gone(olds, news, path)
        yield from _new(olds, news, path)
        for kind in sorted(olds.keys() & news.keys() - {"enum"}):
            yield from self._same_kind(olds[kind], news[kind], path)

    def _values(self, before: Sequence[Schema], after: Sequence[Schema], path: str) -> Iterator[Change]:
        """Compare the values that enumerations know."""
        known = [value for one in before for value in one.get("enum", ())]
        now = [value for one in after for value in one.get("enum", ())]
        if not known or not (now or _texts(after)):
            return
        for value in known:
            if value not in now:
                yield Change(path, f"the value {value!r} is gone", breaks=True)
        is_open = _texts(before)
        for value in now:
            if value not in known:
                yield Change(path, f"the value {value!r} is new", breaks=not is_open)
        if _texts(after) and not is_open:
            yield Change(path, "may have other values than those of the enumeration now", breaks=True)

    def _same_kind(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        yield from _bounds(old, new, path)
        properties = {**new.get("properties", {})}
        required = set(new.get("required", ()))
        for name, before in old.get("properties", {}).items():
            place = f"{path}.{name}".lstrip(".")
            after = properties.pop(name, None)
            if after is None:
                yield Change(place, "the field is gone", breaks=True)
                continue
            if name in old.get("required", ()) and name not in required:
                yield Change(place, "is not always there any more", breaks=True)
            elif name in required and name not in old.get("required", ()):
                yield Change(place, "is always there now", breaks=False)
            if before.get("default") != after.get("default") and "default" in before and name not in required:
                yield Change(place, f"means something else where it is left out: {after.get('default')!r}", breaks=True)
            yield from self._compare(before, after, place)
        is_closed = old.get("additionalProperties") is False
        for name in properties:
            yield Change(f"{path}.{name}".lstrip("."), "the field is new", breaks=is_closed)
        if is_closed and new.get("additionalProperties", True) is not False:
            yield Change(path, "may have fields without a schema now", breaks=True)
        yield from self._inner(old, new, "additionalProperties", f"{path}{{}}")
        yield from self._inner(old, new, "items", f"{path}[]")
        yield from self._places(old, new, path)

    def _inner(self, old: Schema, new: Schema, key: str, place: str) -> Iterator[Change]:
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping):
            if isinstance(after, Mapping):
                yield from self._compare(before, after, place)
            elif after is not False:
                yield Change(place, "may be anything now", breaks=True)

    def _places(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        """Compare lists of a fixed length."""
        before, after = old.get("prefixItems", ()), new.get("prefixItems", ())
        if len(before) != len(after):
            yield Change(path, f"has {len(after)} places, not {len(before)}", breaks=True)
        for number, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from self._compare(one, other, f"{path}[{number}]")


def _gone(olds: Mapping[str, Schema], news: Mapping[str, Schema], path: str) -> Iterator[Change]:
    for kind in sorted(olds.keys() - news.keys() - {"enum"}):
        if kind.startswith("object"):
            yield Change(path, f"{_said(kind)} is gone", breaks=True)
        else:
            yield Change(path, f"is never {_said(kind)} any more", breaks=False)


def _new(olds: Mapping[str, Schema], news: Mapping[str, Schema], path: str) -> Iterator[Change]:
    for kind in sorted(news.keys() - olds.keys()):
        if kind == "enum":
            yield Change(path, "is an enumeration now", breaks=not _covered(olds, "string"))
        elif kind.startswith("object ") and _has_other_members(olds):
            yield Change(path, f"{_said(kind)} is new", breaks=False)
        elif not _covered(olds, kind):
            yield Change(path, f"may be {_said(kind)} now", breaks=True)


def _objects(alternatives: Sequence[Schema]) -> int:
    return sum(one.get("type") == "object" for one in alternatives)


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    for key in (*_LOWER_BOUNDS, *_UPPER_BOUNDS):
        before, after = old.get(key), new.get(key)
        if before is None or before == after:
            continue
        wider = after is None or (after < before if key in _LOWER_BOUNDS else after > before)
        yield Change(path, f"{key} is {'gone' if after is None else after}, was {before}", breaks=wider)
    for key in _EXACT:
        if key in old and old[key] != new.get(key):
            yield Change(path, f"{key} is {new.get(key, 'gone')}, was {old[key]}", breaks=True)


def _alternatives(schema: Schema, document: Schema) -> list[Schema]:
    """Return each thing that a value may be, with references followed, and one type in each."""
    if "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _alternatives(target, document)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return [found for one in schema[key] for found in _alternatives(one, document)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": one} for one in schema["type"]]
    return [schema]


def _kind(schema: Schema, document: Schema, *, tagged: bool) -> str:
    """Return what an alternative is told from its neighbours by: its type, and in a union the tag of an object."""
    if "enum" in schema:
        return "enum"
    kind = str(schema.get("type", "anything"))
    if kind != "object" or not tagged:
        return kind
    for name, inner in schema.get("properties", {}).items():
        (tag, *others) = _alternatives(inner, document)
        if not others and "not" in tag:
            return "object with another tag"
        if not others and len(tag.get("enum", ())) == 1 and name in schema.get("required", ()):
            return f"object {name}={tag['enum'][0]}"
        if not others and "const" in tag and name in schema.get("required", ()):
            return f"object {name}={tag['const']}"
    return kind


def _covered(kinds: Mapping[str, Schema], kind: str) -> bool:
    return kind in kinds or "anything" in kinds or (kind == "integer" and "number" in kinds)


def _has_other_members(kinds: Mapping[str, Schema]) -> bool:
    return "object with another tag" in kinds or "anything" in kinds


def _texts(alternatives: Sequence[Schema]) -> bool:
    return any(one.get("type", "string") == "string" and "enum" not in one for one in alternatives)


def _said(kind: str) -> str:
    return {"null": "null", "anything": "anything"}.get(kind, f"an {kind}" if kind[0] in "aeiou" else f"a {kind}")
