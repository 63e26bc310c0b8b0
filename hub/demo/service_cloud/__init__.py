"""A simulated Oracle Service Cloud: SOAP with a WSDL, WS-Security user names, and ROQL queries."""
