"""The vocabulary: pure data and pure functions, no I/O. Everything else imports this room."""
