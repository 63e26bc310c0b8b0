#!/bin/sh
# Usage: render.sh TARGET
# Writes the configuration in etc/ to the folder TARGET, every @NAME@ replaced by the
# environment's NAME, or by the default in site.env.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${1:?usage: render.sh TARGET}

fail() {
    echo "render.sh: $1" >&2
    exit 1
}

script=$(mktemp)
trap 'rm -f "$script"' EXIT

while IFS='=' read -r name default; do
    case $name in '' | '#'*) continue ;; esac
    eval "value=\${$name-\$default}"
    [ -n "$value" ] || fail "$name has no value: set it in the environment"
    # A semicolon begins a comment in Asterisk's files, a line break another setting.
    case $value in
        *';'* | *'
'*) fail "$name contains a semicolon or a line break, which Asterisk's files can't hold" ;;
    esac
    escaped=$(printf '%s' "$value" | sed 's/[\\&|]/\\&/g')
    printf 's|@%s@|%s|g\n' "$name" "$escaped" >>"$script"
done <"$here/site.env"

mkdir -p "$target"
umask 077
for file in "$here"/etc/*.conf; do
    sed -f "$script" "$file" >"$target/$(basename "$file")"
done
! grep -n '@[A-Z][A-Z0-9_]*@' "$target"/*.conf >&2 || fail "these names are not in site.env"
