"""An OData 4.0 service of a framework that others wrote (odatapy): contacts with orders, and calls.

`python server.py PORT`; what is in it comes by POST. Pages have two entities. Runs in an environment of its own.
"""

# mypy: disable-error-code="import-not-found,misc,no-any-return"
# The framework is installed in the environment that this runs in, and in no other.

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from odatapy.edm.csdl import (
    CsdlAbstractEdmProvider,
    CsdlEntityContainer,
    CsdlEntitySet,
    CsdlEntityType,
    CsdlNavigationProperty,
    CsdlNavigationPropertyBinding,
    CsdlProperty,
    CsdlPropertyRef,
    CsdlSchema,
)
from odatapy.server import OData
from odatapy.server.adapters import ODataWSGIApp
from odatapy.server.inmemory import InMemoryDataStore, InMemoryProcessor

NAMESPACE = "Acme.Crm"
CONTACT = {
    "ContactId": "Edm.Int32",
    "FullName": "Edm.String",
    "CompanyName": "Edm.String",
    "PhoneNumber": "Edm.String",
    "MobilePhone": "Edm.String",
    "EmailAddress": "Edm.String",
}
ORDER = {
    "OrderNumber": "Edm.String",
    "OrderedOn": "Edm.Date",
    "Status": "Edm.String",
    "TotalAmount": "Edm.Decimal",
    "CurrencyCode": "Edm.String",
}
CALL = {
    "CallId": "Edm.Guid",
    "ContactId": "Edm.Int32",
    "Subject": "Edm.String",
    "Note": "Edm.String",
    "StartedAt": "Edm.DateTimeOffset",
    "Seconds": "Edm.Int32",
}


def entity(name: str, properties: dict[str, str], *navigations: CsdlNavigationProperty) -> CsdlEntityType:
    key = next(iter(properties))
    described = [
        CsdlProperty(
            name=name, type=kind, nullable=name != key, **({"precision": 12, "scale": 2} if "Dec" in kind else {})
        )
        for name, kind in properties.items()
    ]
    return CsdlEntityType(
        name=name, key=[CsdlPropertyRef(name=key)], properties=described, navigation_properties=list(navigations)
    )


class Crm(CsdlAbstractEdmProvider):
    def get_schemas(self) -> list[CsdlSchema]:
        orders = CsdlNavigationProperty(name="Orders", type=f"{NAMESPACE}.Order", collection=True)
        binding = CsdlNavigationPropertyBinding(path="Orders", target="Orders")
        sets = [
            CsdlEntitySet(name="Contacts", type=f"{NAMESPACE}.Contact", navigation_property_bindings=[binding]),
            CsdlEntitySet(name="Orders", type=f"{NAMESPACE}.Order"),
            CsdlEntitySet(name="PhoneCalls", type=f"{NAMESPACE}.PhoneCall"),
        ]
        types = [entity("Contact", CONTACT, orders), entity("Order", ORDER), entity("PhoneCall", CALL)]
        container = CsdlEntityContainer(name="Container", entity_sets=sets)
        return [CsdlSchema(namespace=NAMESPACE, entity_types=types, entity_container=container)]


def main() -> None:
    odata = OData.new_instance()
    handler = odata.create_handler(odata.create_service_metadata(Crm()))
    handler.register(InMemoryProcessor(InMemoryDataStore(), page_size=2))
    with make_server("127.0.0.1", int(sys.argv[1]), ODataWSGIApp(handler), handler_class=WSGIRequestHandler) as server:
        print("listening", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
