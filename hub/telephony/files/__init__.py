"""Asterisk's own configuration files, read for what they say about phones, people, queues and manager accounts."""
