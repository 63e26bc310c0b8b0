"""Privacy: what of a customer somebody may see, and the log of who saw whose data. Pure but for the log's own task."""
