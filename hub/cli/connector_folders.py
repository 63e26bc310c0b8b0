"""A connector's folder and its quality.yaml, where each rule is done (and it shows) or exempt with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from hub.config.document import Document, read_document
from hub.config.problem import ConfigError, Problem
from hub.config.wording import nearest

if TYPE_CHECKING:
    from hub.config.connector_base import ConnectorBase

QUALITY = "quality.yaml"
SYSTEM_RULES = (
    "find_by_phone", "find_by_email", "find_by_id", "details", "open_orders", "open_cases", "write_activity",
    "write_note", "write_case", "throttling", "auth_renewal", "third_party_server", "docs",
)  # fmt: skip
"""What a system's folder (one with a preset) answers for."""
KIND_RULES = ("lookup", "write_back", "throttling", "auth_renewal", "third_party_server", "docs")
"""What the folder of a kind (a protocol) answers for."""
HEADINGS = (
    "What to ask the administrator for",
    "Smallest configuration",
    "Whole configuration",
    "What is found and written",
    "When something is wrong",
)
"""What a system's page has, each as `## ..`."""
LEAST_REASON = 20
"""Characters of a reason: fewer give none."""

_DETAILS = frozenset({"name", "phones", "emails", "addresses", "organization", "language", "tier", "owner", "products"})
_LEAST_DETAILS = 3


class _Folder(NamedTuple):
    path: Path
    presets: tuple[dict[str, Any], ...]
    mappings: tuple[dict[str, Any], ...]

    @property
    def is_system(self) -> bool:
        return bool(self.presets)


def connector_folders(path: Path) -> list[Path]:
    """Return the connectors' folders at a path: itself, or those in it; none if it is something else."""
    if not path.is_dir():
        return []
    if _is_connector(path):
        return [path]
    below = sorted(folder for folder in path.iterdir() if folder.is_dir() and _is_connector(folder))
    # A folder of packages of connectors, not one of mappings that holds such a folder somewhere.
    return below if any((folder / QUALITY).is_file() or _presets_in(folder) for folder in below) else []


def _is_connector(folder: Path) -> bool:
    return (folder / QUALITY).is_file() or bool(_presets_in(folder)) or _kind_of(folder) is not None


def _presets_in(folder: Path) -> list[Path]:
    return sorted({*folder.glob("preset.yaml"), *folder.glob("*.preset.yaml")})


def folder_problems(folder: Path) -> list[Problem]:
    """Return what is wrong with a connector's folder."""
    file = folder / QUALITY
    try:
        read = _read(folder)
        if not file.is_file():
            rules = ", ".join(SYSTEM_RULES if read.is_system else KIND_RULES)
            return [Problem(str(folder), 1, 1, f"has no {QUALITY}: say of each rule `done` or its exemption ({rules})")]
        document = read_document(file)
    except ConfigError as error:
        return list(error.problems)
    return sorted(_rule_problems(read, document))


def _read(folder: Path) -> _Folder:
    presets = tuple(data for file in _presets_in(folder) if isinstance(data := read_document(file).data, dict))
    return _Folder(folder, presets, tuple(_mappings_of(folder, presets)))


def _mappings_of(folder: Path, presets: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the fields of each mapping that the presets name."""
    from hub.config.mapping_files import find_mapping

    names: dict[str, None] = {}
    for preset in presets:
        operations = preset.get("operations")
        for section in (preset, *(operations.values() if isinstance(operations, dict) else ())):
            if isinstance(section, dict) and isinstance(section.get("mapping"), str):
                names[section["mapping"]] = None
    for name in names:
        file = find_mapping(name, [folder.parent.parent / "mappings", folder / "mappings"])
        data = read_document(file).data if file else None
        fields = data.get("fields") if isinstance(data, dict) else None
        if isinstance(fields, dict):
            yield fields


def _rule_problems(folder: _Folder, document: Document) -> Iterator[Problem]:
    known = SYSTEM_RULES if folder.is_system else KIND_RULES
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    if not isinstance(document.data, dict) or document.data.keys() != {"rules"} or not isinstance(rules, dict):
        yield document.problem((1, 1), f"holds `rules:` and nothing else, with {', '.join(known)}")
        return
    for rule in known:
        if rule not in rules:
            yield document.problem(document.key_place(("rules",)), f"rule {rule!r} is missing: done, or {{exempt: ..}}")
    for rule, answer in rules.items():
        if rule not in known:
            what = "a system" if folder.is_system else "a kind"
            message = f"there is no rule {rule!r} for {what}{nearest(rule, known)}"
            yield document.problem(document.key_place(("rules", rule)), message)
            continue
        problem = _answer_problem(folder, rule, answer)
        if problem:
            yield document.problem(document.value_place(("rules", rule)), f"{rule}: {problem}")


def _answer_problem(folder: _Folder, rule: str, answer: Any) -> str:
    lacking = _SIGNS[rule](folder, rule)
    if answer == "done":
        return f"is not done: {lacking}" if lacking else ""
    if not isinstance(answer, dict) or answer.keys() != {"exempt"}:
        return "must be `done` or {exempt: REASON}"
    reason = answer["exempt"]
    if not isinstance(reason, str) or len(reason.strip()) < LEAST_REASON:
        return f"an exemption needs its reason, in at least {LEAST_REASON} characters"
    if not lacking and rule in _CERTAIN:
        return "is exempt here, but it is there: write `done`"
    return ""


def _find(folder: _Folder, rule: str) -> str:
    key = rule.removeprefix("find_by_")
    for preset in folder.presets:
        operations = preset.get("operations")
        for operation in operations.values() if isinstance(operations, dict) else ():
            if isinstance(operation, dict) and operation.get("key") == key:
                return ""
    return f"no operation of the preset has `key: {key}`"


def _write(folder: _Folder, rule: str) -> str:
    kind = rule.removeprefix("write_")
    for preset in folder.presets:
        writes = preset.get("writes")
        if isinstance(writes, dict) and kind in writes:
            return ""
    return f"the preset has no `writes: {{{kind}: ..}}`"


def _mapped(folder: _Folder, rule: str) -> str:
    field = rule.removeprefix("open_")
    if any(name.partition(".")[0] == field for fields in folder.mappings for name in fields):
        return ""
    return f"no mapping of the preset fills `{field}`"


def _details(folder: _Folder, _rule: str) -> str:
    filled = {name.partition(".")[0] for fields in folder.mappings for name in fields}
    if len(filled & _DETAILS) >= _LEAST_DETAILS:
        return ""
    return f"the preset's mappings fill less than {_LEAST_DETAILS} of {', '.join(sorted(_DETAILS))}"


def _docs(folder: _Folder, _rule: str) -> str:
    page = folder.path / "README.md"
    if not folder.is_system:
        shared = folder.path.parent / "README.md"
        is_told = shared.is_file() and re.search(rf"`{re.escape(folder.path.name)}`", shared.read_text("utf-8"))
        return (
            "" if page.is_file() or is_told else "there is no README.md, and that of the folder above doesn't name it"
        )
    if not page.is_file():
        return "there is no README.md"
    text = page.read_text("utf-8")
    if not re.match(r"# \S", text):
        return "README.md must begin with `# Title`"
    for heading in HEADINGS:
        if not re.search(rf"^## {re.escape(heading)}\s*$", text, re.MULTILINE):
            return f"README.md has no heading `## {heading}`"
    for heading in HEADINGS[1:3]:
        part = text.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
        if not re.search(r"```yaml\n(#[^\n]*\n)*connectors:", part):
            return f"README.md has no ```yaml block that begins with `connectors:` below `## {heading}`"
    return ""


def _tested(folder: _Folder, _rule: str) -> str:
    """Look for the connector's conformance test, where the tests are at hand (in a checkout, not where installed)."""
    suite = folder.path.resolve().parent.parent / "tests" / "conformance"
    if not suite.is_dir():
        return ""
    name = folder.path.name
    places = (suite / "systems" / f"test_{name}.py", suite / f"test_{name}.py")
    return (
        "" if any(place.is_file() for place in places) else f"there is no {places[0 if folder.is_system else 1].name}"
    )


def _third_party(folder: _Folder, _rule: str) -> str:
    """Look for a test against a server that others made: third_party stands in its place, the connector in its text."""
    suite = folder.path.resolve().parent.parent / "tests" / "conformance"
    if not suite.is_dir():
        return ""
    name = re.compile(rf"(?<![a-z]){re.escape(folder.path.resolve().name)}(?![a-z])")
    for file in sorted(suite.rglob("test_*.py")):
        if "third_party" in str(file.relative_to(suite)) and (
            name.search(file.stem) or name.search(file.read_text("utf-8"))
        ):
            return ""
    return f"no test under tests/conformance/third_party names {folder.path.resolve().name}"


def _looks_up(folder: _Folder, _rule: str) -> str:
    return "" if _model_of(folder, "operations") else "the kind's configuration has no `operations`"


def _writes_back(folder: _Folder, _rule: str) -> str:
    return "" if _model_of(folder, "writes") else "the kind's configuration has no `writes`"


def _model_of(folder: _Folder, field: str) -> bool:
    """Whether the kind of that folder has a field in its configuration."""
    model = _kind_of(folder.path)
    return model is not None and field in model.model_fields


def _kind_of(folder: Path) -> type[ConnectorBase] | None:
    """Return the configuration of the kind that lives in a folder: of its name, or of a name that begins with it."""
    if not (folder / "connector.py").is_file():
        return None
    from hub.config.connector_kinds import BUILT_IN, registered

    name = folder.resolve().name
    for model in (*BUILT_IN, *(kind.config for kind in registered().values())):
        for kind in get_args(model.model_fields["kind"].annotation):
            if name == kind or name.startswith(f"{kind}_"):
                return cast("type[ConnectorBase]", model)
    return None


_SIGNS: Mapping[str, Callable[[_Folder, str], str]] = {
    "find_by_phone": _find,
    "find_by_email": _find,
    "find_by_id": _find,
    "details": _details,
    "open_orders": _mapped,
    "open_cases": _mapped,
    "write_activity": _write,
    "write_note": _write,
    "write_case": _write,
    "throttling": _tested,
    "auth_renewal": _tested,
    "third_party_server": _third_party,
    "docs": _docs,
    "lookup": _looks_up,
    "write_back": _writes_back,
}
"""What is lacking for each rule to be done, as far as can be seen; empty if nothing is."""
_CERTAIN = frozenset({"find_by_phone", "find_by_email", "find_by_id"})
"""Rules that the preset alone decides; what is written may still be exempt, where it can't be under all conditions."""
