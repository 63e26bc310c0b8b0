"""What one part of the configuration says of another: names that must exist, things that must not stand twice.

Works on the plain data, so that these problems are told together with those of single values.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from hub.config.anticipation import FOLDER
from hub.config.document import Document, KeyPath, Node
from hub.config.mapping_files import find_mapping, mapping_names
from hub.config.privacy import named_tokens
from hub.config.problem import Problem
from hub.config.routing import MEANT_AGENTS
from hub.config.wording import nearest


def reference_problems(document: Document, data: Node, folder: Path) -> Iterator[Problem]:
    top = _section(data)
    yield from _agents(document, top)
    yield from _mappings(document, top, folder)
    yield from _routed_agents(document, top)
    yield from _feeds(document, top)
    yield from _read_twice(document, top, folder)
    yield from _published_feeds(document, top)
    yield from _recording_tokens(document, top)
    yield from _callbacks(document, top)
    yield from _same_tokens(document, top)
    yield from _private_roles(document, top)
    yield from _merged_systems(document, top)
    yield from _not_remembered(document, top)


_WAYS = ("queue", "http", "folder", "soap", "imap", "web")


def _feeds(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find feeds that nobody can hand anything to, or that read a queue without a broker."""
    named = {feed for _, token in _tokens(top) for feed in _list(token.get("feeds"))}
    for name, feed in _sections(top.get("inbound")):
        soap = feed.get("soap")
        if isinstance(soap, dict) and "login" not in soap and "http" not in feed and name not in named:
            message = (
                f"nobody may send to this service: give it a `login`, or name feed {name!r} under `feeds` of a token "
                "in auth.tokens"
            )
            yield document.problem(document.key_place(("inbound", name, "soap")), message)
        if top.get("bus"):
            continue
        if "queue" in feed:
            message = "there is no broker to read a queue from: add `bus:` with its url, or take `queue:` out"
            yield document.problem(document.key_place(("inbound", name, "queue")), message)
        elif name not in named and not feed.keys() & set(_WAYS):
            message = (
                f"nobody can hand anything to feed {name!r}: give it `http`, `folder`, `soap` or `imap`, name it under "
                "`feeds` of a token in auth.tokens, or add `bus:` with a broker's url"
            )
            yield document.problem(document.key_place(("inbound", name)), message)


_OF_THE_HUB = ("ctihub.dead", "ctihub.rpc")


def _read_twice(document: Document, top: dict[str, Node], folder: Path) -> Iterator[Problem]:
    """Find queues and folders that two feeds read, and who may publish to a queue that there is not."""
    queues: dict[str, str] = {}
    folders: dict[str, list[tuple[str, str]]] = {}
    for name, feed in _sections(top.get("inbound")):
        path: KeyPath = ("inbound", name)
        queue = feed.get("queue", None if feed.keys() & set(_WAYS) else f"ctihub.inbound.{name}")
        if not isinstance(queue, str) or not top.get("bus"):
            if "broker_user" in feed:
                message = "this feed has no queue for `broker_user` to publish to: add `queue:`, or take it out"
                yield document.problem(document.key_place((*path, "broker_user")), message)
        elif queue in _OF_THE_HUB or queue in queues:
            whose = f"feed {queues[queue]!r} reads this queue" if queue in queues else "this queue is the hub's own"
            place = document.value_place((*path, "queue")) if "queue" in feed else document.key_place(path)
            yield document.problem(place, f"{whose}: a feed needs one of its own")
        else:
            queues[queue] = name
        watch = _section(feed.get("folder"))
        watched, pattern = watch.get("path"), watch.get("pattern", "*")
        if isinstance(watched, str) and isinstance(pattern, str):
            others = folders.setdefault(os.path.normpath(folder / watched), [])
            for other, theirs in others:
                if fnmatchcase(pattern, theirs) or fnmatchcase(theirs, pattern):
                    message = f"feed {other!r} takes files of this folder by {theirs!r}: a file has one feed"
                    yield document.problem(document.value_place((*path, "folder", "path")), message)
            others.append((name, pattern))


def _published_feeds(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    known = list(_section(top.get("inbound")))
    sites = {name for name, feed in _sections(top.get("inbound")) if "web" in feed}
    for name, token in _tokens(top):
        for index, feed in enumerate(_list(token.get("feeds"))):
            place = document.value_place(("auth", "tokens", name, "feeds", index))
            if isinstance(feed, str) and feed not in known:
                yield document.problem(place, f"there is no feed {feed!r}{nearest(feed, known)}")
            elif feed in sites:
                yield document.problem(place, f"feed {feed!r} takes what visitors of its site send, and nothing else")


def _recording_tokens(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find tokens that record contacts in the name of a feed: one could change what the other told."""
    feeds = _section(top.get("inbound"))
    for name, token in _tokens(top):
        if "record" in _list(token.get("may")) and name in feeds:
            message = f"{name!r} is a feed, too: contacts are told apart by these names, so give the token another"
            yield document.problem(document.key_place(("auth", "tokens", name)), message)


def _callbacks(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find agents and PBXs that are to call customers back and that there are not."""
    agents, pbxs = list(_section(top.get("agents"))), list(_section(top.get("pbx")))
    for name, feed in _sections(top.get("inbound")):
        callback = _section(_section(feed.get("web")).get("callback"))
        path: KeyPath = ("inbound", name, "web", "callback")
        for index, agent in enumerate(_list(callback.get("agents"))):
            if isinstance(agent, str) and agent not in agents:
                place = document.value_place((*path, "agents", index))
                yield document.problem(place, f"there is no agent {agent!r}{nearest(agent, agents)}")
        pbx = callback.get("pbx")
        if isinstance(pbx, str) and pbx not in pbxs:
            place = document.value_place((*path, "pbx"))
            yield document.problem(place, f"there is no PBX {pbx!r}{nearest(pbx, pbxs)}")


def _private_roles(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find tokens that may see a customer's field and that there are not."""
    known = list(_section(_section(top.get("auth")).get("tokens")))
    privacy = _section(_section(top.get("context")).get("privacy"))
    for kind in ("fields", "interactions"):
        for name, entry in _sections(privacy.get(kind)):
            for index, token in named_tokens(entry.get("roles")):
                if token not in known:
                    place = document.value_place(("context", "privacy", kind, name, "roles", index))
                    yield document.problem(place, f"there is no token {token!r}{nearest(token, known)}")


def _merged_systems(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find systems that are to be believed first and that nothing comes from."""
    feeds = [feed.get("system", name) for name, feed in _sections(top.get("inbound"))]
    known = [*_section(top.get("connectors")), *(system for system in feeds if isinstance(system, str))]
    merge = _section(_section(top.get("context")).get("merge"))
    rules: dict[KeyPath, Node] = {("default",): merge.get("default")}
    rules |= {("fields", field): rule for field, rule in _section(merge.get("fields")).items()}
    for place, rule in rules.items():
        for index, system in enumerate(_list(rule)):
            if isinstance(system, str) and system not in known:
                where = document.value_place(("context", "merge", *place, index))
                yield document.problem(where, f"there is no system {system!r}{nearest(system, known)}")


def _not_remembered(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find connectors whose answers are not to be kept and that are not there: another's would be kept."""
    known = list(_section(top.get("connectors")))
    remember = _section(_section(top.get("context")).get("remember"))
    for index, name in enumerate(_list(remember.get("not_of"))):
        if isinstance(name, str) and name not in known:
            where = document.value_place(("context", "remember", "not_of", index))
            yield document.problem(where, f"there is no connector {name!r}{nearest(name, known)}")


def _same_tokens(document: Document, top: dict[str, Node]) -> Iterator[Problem]:
    """Find tokens that several machines have: which of them somebody is would not be clear."""
    owners: dict[str, str] = {}
    for name, entry in _section(_section(top.get("auth")).get("tokens")).items():
        token = entry.get("token") if isinstance(entry, dict) else entry
        if isinstance(token, str) and owners.setdefault(token, name) != name:
            message = f"this is the token of {owners[token]!r}, too: give each machine one of its own"
            yield document.problem(document.key_place(("auth", "tokens", name)), message)


def _tokens(top: dict[str, Node]) -> Iterator[tuple[str, dict[str, Node]]]:
    yield from _sections(_section(top.get("auth")).get("tokens"))


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
                known = [one for one in mapping_names(folders) if not one.startswith(f"{FOLDER}/")]
                message = f"there is no mapping {name!r}{nearest(name, known)}"
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


def _list(node: Node) -> list[Node]:
    return node if isinstance(node, list) else []


def _section(node: Node) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _sections(node: Node) -> Iterator[tuple[str, dict[str, Node]]]:
    for name, value in _section(node).items():
        if isinstance(value, dict):
            yield name, value
