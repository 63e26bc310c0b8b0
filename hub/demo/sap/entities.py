"""Rows of the simulated SAP as OData V2 sends them: key addresses, deferred and expanded navigation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Row = Mapping[str, "str | Sequence[Row]"]
"""Properties, and under a name that begins with `to_` the rows that a navigation leads to."""

KEYS = {
    "A_BusinessPartner": ("BusinessPartner",),
    "A_BusinessPartnerAddress": ("BusinessPartner", "AddressID"),
    "A_AddressPhoneNumber": ("AddressID", "Person", "OrdinalNumber"),
    "A_AddressEmailAddress": ("AddressID", "Person", "OrdinalNumber"),
    "A_SalesOrder": ("SalesOrder",),
    "A_PhoneCallActivity": ("PhoneCallActivity",),
    "A_ServiceRequest": ("ServiceRequest",),
}
_TARGETS = {
    "to_BusinessPartnerAddress": "A_BusinessPartnerAddress",
    "to_PhoneNumber": "A_AddressPhoneNumber",
    "to_MobilePhoneNumber": "A_AddressPhoneNumber",
    "to_EmailAddress": "A_AddressEmailAddress",
}


def entity(service_url: str, name: str, row: Row, *, fields: Sequence[str], expand: Iterable[str]) -> dict[str, object]:
    """Return the JSON form of one row; `expand` are navigation paths such as `to_A/to_B`."""
    key = ",".join(f"{field}='{row[field]}'" for field in KEYS[name])
    uri = f"{service_url}/{name}({key})"
    paths = [path.split("/", 1) for path in expand]
    shown: dict[str, object] = {"__metadata": {"id": uri, "uri": uri, "type": f"simulated.{name}Type"}}
    for field, value in row.items():
        if isinstance(value, str):
            if not fields or field in fields:
                shown[field] = value
        elif any(path[0] == field for path in paths):
            deeper = [path[1] for path in paths if path[0] == field and len(path) > 1]
            inner = [entity(service_url, _TARGETS[field], item, fields=(), expand=deeper) for item in value]
            shown[field] = {"results": inner}
        elif not fields:
            shown[field] = {"__deferred": {"uri": f"{uri}/{field}"}}
    return shown
