"""Tasks and incidents as they are handed in, and as rows that can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from hub.demo.service_cloud.contract import BASE, GENERIC, OBJECTS
from hub.demo.service_cloud.roql import Tables

_NAMESPACES = {"o": OBJECTS, "b": BASE, "g": GENERIC}
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_MAX_NAME = 80
_REFERENCE = "CustomFields.c.ctihub_reference"
Row = dict[str, str]


class NotMadeError(ValueError):
    """The object is not as it has to be; the message says why."""


def with_all_fields(tables: Tables) -> dict[str, list[Mapping[str, str]]]:
    """Return the tables with what rows leave out, and with one for tasks."""
    rows: dict[str, list[Mapping[str, str]]] = {name: list(table) for name, table in tables.items()}
    rows["Incident"] = [{"ID": str(index), _REFERENCE: "", **row} for index, row in enumerate(rows["Incident"], 1)]
    rows.setdefault("Task", [])
    return rows


def made_of(element: etree._Element, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> tuple[str, Row]:
    """Return an object's name and its row. Raises NotMadeError."""
    prefix, _, name = (element.get(_TYPE) or "").rpartition(":")
    if element.nsmap.get(prefix or None) != OBJECTS or name not in _READERS:
        raise NotMadeError("RNObjects has to be a Task or an Incident")
    path = "o:Contact" if name == "Task" else "o:PrimaryContact/o:Contact"
    contact = element.find(f"{path}/b:ID", _NAMESPACES)
    identifier = "" if contact is None else contact.get("id") or ""
    if identifier not in {row["ID"] for row in tables["Contact"]}:
        raise NotMadeError("Invalid ID for field Contact")
    number = len(tables[name]) + 1
    return name, {"ID": str(number), **_READERS[name](element, identifier, number)}


def _task(element: etree._Element, contact: str, _number: int) -> Row:
    name = _text(element, "o:Name")
    if not 0 < len(name) <= _MAX_NAME:
        raise NotMadeError("Invalid length for field Name")
    if not _text(element, "o:StatusWithType/o:Status/b:Name"):
        raise NotMadeError("Missing field StatusWithType")
    return {
        "Name": name,
        "Contact.ID": contact,
        "Comment": _text(element, "o:Comment"),
        "StartTime": _text(element, "o:StartTime"),
    }


def _incident(element: etree._Element, contact: str, number: int) -> Row:
    fields = element.findall(".//g:GenericFields[@name='ctihub_reference']", _NAMESPACES)
    return {
        "ReferenceNumber": f"261122-{number:06}",
        "Subject": _text(element, "o:Subject"),
        "StatusWithType.Status.LookupName": "Unresolved",
        "StatusWithType.StatusType.ID": "1",
        "Severity.LookupName": "",
        "CreatedTime": "2026-11-22T09:30:00Z",
        "PrimaryContact.Contact.ID": contact,
        "Threads.Text": _text(element, "o:Threads/o:ThreadList/o:Text"),
        _REFERENCE: _text(fields[0], "g:DataValue/g:StringValue") if fields else "",
    }


def _text(element: etree._Element, path: str) -> str:
    return element.findtext(path, default="", namespaces=_NAMESPACES)


_READERS: Mapping[str, Callable[[etree._Element, str, int], Row]] = {"Task": _task, "Incident": _incident}
