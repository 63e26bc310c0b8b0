"""A simulated Asterisk: an exchange of channels, bridges and queues, seen through a manager interface."""
