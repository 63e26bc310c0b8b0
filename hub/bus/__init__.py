"""The relay from the journal to a broker, and inbound feeds."""
