"""What every connector has around it: time budget, repetition, breaker, a limit, one write of the same at once."""
