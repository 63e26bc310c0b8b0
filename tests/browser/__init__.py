"""The agent's page in a real Chromium against the real desk server."""
