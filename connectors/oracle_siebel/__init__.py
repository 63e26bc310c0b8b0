"""Siebel's session headers, which the `soap` kind sends with `auth: {type: siebel}`."""
