"""FastAGI: dialplans ask over TCP who is calling and get channel variables (Asterisk's res_agi.c is the protocol)."""
