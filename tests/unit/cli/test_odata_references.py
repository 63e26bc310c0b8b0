"""What lint says of a body that refers to entities by their addresses."""

from connectors.shapes import Field
from hub.cli.contract_steps import argument_findings


def test_references_in_a_body() -> None:
    """`NAVIGATION@odata.bind` is compared with the navigations, and takes an address where they hold a section."""
    contact = Field("customerid_contact", "section", linked=True, inside=lambda: {"contactid": Field("contactid")})
    incident = Field("incidents", "section", inside=lambda: {"title": Field("title"), contact.name: contact})
    right = {"title": "x", "customerid_contact@odata.bind": "/contacts(1)"}
    wrong = {"customerid_contct@odata.bind": "/contacts(1)"}
    assert [] == list(argument_findings(right, incident, ("body",), "incidents"))
    [finding] = argument_findings(wrong, incident, ("body",), "incidents")
    assert "incidents has no field 'customerid_contct'; did you mean 'customerid_contact'?" in str(finding)
