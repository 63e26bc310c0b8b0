"""Which records are the same customer, by declared rules and by what people have decided."""
