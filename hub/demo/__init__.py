"""A simulated PBX and simulated backends that speak the real protocols over real sockets."""
