"""OData V2 (SAP Gateway) and V4 services."""
