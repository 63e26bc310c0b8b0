"""What one part of the configuration says of another: names that must exist, things that must not stand twice.

Works on the plain data, so that these problems are told together with those of single values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.config.document import Document, KeyPath, Node
from hub.config.mapping_files import find_mapping, mapping_names
from hub.config.problem import Problem
from hub.config.routing import MEANT_AGENTS
from hub.config.wording import nearest


def reference_problems(document: Document, data: Node, folder: Path) -> Iterator[Problem]:
    top = _section(data)
    yield from _agents(document, top)
    yield from _mappings(document, top, folder)
    yield from _routed_agents(document, top)
    feeds = _section(top.get("inbound"))
    if feeds and not top.get("bus"):
        message = "inbound feeds are read from a broker's queues: add `bus:` with its url, or take `inbound:` out"
        yield document.problem(document.key_place(("inbound",)), message)


def _agents(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    pbxs = list(_section(top.get("pbx")))
    owners: dict[tuple[str, str], str] = {}
    for agent_id, agent in _sections(top.get("agents")):
        named = agent.get("pbx")
        path: KeyPath = ("agents", agent_id)
        if isinstance(named, str) and pbxs and named not in pbxs:
            message = f"there is no PBX {named!r}{nearest(named, pbxs)}"
            yield document.problem(document.value_place((*path, "pbx")), message)
        if named is None and len(pbxs) > 1:
            message = f"agent {agent_id!r} needs `pbx:`, because there are several: {', '.join(pbxs)}"
            yield document.problem(document.key_place(path), message)
        pbx = named if isinstance(named, str) else (pbxs[0] if len(pbxs) == 1 else "")
        devices = agent.get("devices")
        for index, device in enumerate(devices if isinstance(devices, list) else ()):
            if not isinstance(device, str):
                continue
            owner = owners.setdefault((pbx, device.casefold()), f"{agent_id}[{index}]").rpartition("[")[0]
            if owners[pbx, device.casefold()] != f"{agent_id}[{index}]":
                message = f"device {device!r} already belongs to agent {owner!r}: a device has one agent"
                yield document.problem(document.value_place((*path, "devices", index)), message)


def _routed_agents(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    known = [*_section(top.get("agents")), *MEANT_AGENTS]
    rules = _section(top.get("routing")).get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        named = _section(_section(rule).get("then")).get("agent")
        path: KeyPath = ("routing", "rules", index, "then", "agent")
        for place, agent in enumerate(named) if isinstance(named, list) else ((None, named),):
            if isinstance(agent, str) and agent not in known:
                where = path if place is None else (*path, place)
                yield document.problem(
                    document.value_place(where), f"there is no agent {agent!r}{nearest(agent, known)}"
                )


def _mappings(document: Document, top: dict[str, Node], folder: Path) -> Iterator[Problem]:
    listed = _section(top.get("hub")).get("mappings", ["mappings"])
    folders = [folder / name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    for room in ("connectors", "inbound"):
        for path, name in _named_mappings(top.get(room), (room,)):
            if find_mapping(name, folders) is None:
                message = f"there is no mapping {name!r}{nearest(name, mapping_names(folders))}"
                yield document.problem(document.value_place(path), message)


def _named_mappings(node: Node, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield every `mapping: NAME`, however deep a connector's operations put it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "mapping" and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _named_mappings(value, (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _named_mappings(item, (*path, index))


def _section(node: Node) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _sections(node: Node) -> Iterator[tuple[str, dict[str, Node]]]:
    for name, value in _section(node).items():
        if isinstance(value, dict):
            yield name, value
