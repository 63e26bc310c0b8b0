"""Feeds as SOAP services: the WSDL, the envelopes of both versions, validation against the schema, faults."""
