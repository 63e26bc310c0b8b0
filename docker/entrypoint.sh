#!/bin/sh
# Runs `ctihub` with the mounted configuration, so that `docker run IMAGE check` or `... user list` are enough.
# CTIHUB_CONFIG names another file. What is no verb of ctihub is run as it is.
set -eu

config=${CTIHUB_CONFIG:-/etc/ctihub/ctihub.yaml}
verb=${1:-run}

case $verb in
run | check | lint)
    [ -r "$config" ] || {
        echo "ctihub: there is no configuration at $config: mount one there (ctihub init writes one)" >&2
        exit 2
    }
    [ $# = 0 ] || shift
    exec ctihub "$verb" --config "$config" "$@"
    ;;
user)
    [ $# -ge 2 ] || exec ctihub user --help
    action=$2
    shift 2
    exec ctihub user "$action" --config "$config" "$@"
    ;;
init | test | demo | --version | --help) exec ctihub "$@" ;;
*) exec "$@" ;;
esac
