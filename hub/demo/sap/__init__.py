"""A simulated SAP S/4HANA: OData V2 over HTTP with basic authentication."""
