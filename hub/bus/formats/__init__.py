"""The formats of legacy systems: from bytes to records, one module each."""
