"""Sources of the agent's page, and what builds them; none of it is needed where the hub is installed."""
