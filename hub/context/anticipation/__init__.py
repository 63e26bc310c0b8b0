"""Anticipation: what rules, which are data, propose to the agent from what is known of a customer."""
