#!/bin/sh
# Writes the configuration from the environment, then becomes Asterisk.
set -eu
/opt/pbx/render.sh /etc/asterisk
exec asterisk -f -C /etc/asterisk/asterisk.conf
