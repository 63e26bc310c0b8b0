"""Everything Asterisk: AMI transport, call tracker, the link that keeps both alive."""
