"""How requests sign in: headers that never change, signatures, tokens that are fetched and renewed."""
