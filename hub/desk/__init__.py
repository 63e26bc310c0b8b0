"""HTTP API, WebSocket, sign-in, and the agent's page."""
