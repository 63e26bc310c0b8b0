"""Call control: commands of agents and supervisors, carried out on the PBX that has the call."""
