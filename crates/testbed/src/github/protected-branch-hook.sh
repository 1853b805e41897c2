#!/bin/sh
# Answers git-receive-pack as its proc-receive hook (githooks(5)): every command that is handed to it is for a protected
# branch and is refused in GitHub's words. The protocol is pkt-lines on standard input and output.

packet() {
    length=$(dd bs=1 count=4 2>/dev/null)
    [ -n "$length" ] || exit 1
    [ "$length" != 0000 ] || return 1
    payload=$(dd bs=1 count=$((0x$length - 4)) 2>/dev/null | tr '\0' ' ')
}

say() {
    printf '%04x%s\n' $((${#1} + 5)) "$1"
}

while packet; do :; done
say 'version=1'
printf 0000

refused=''
while packet; do
    name=${payload##* }
    refused="$refused $name"
    echo "error: GH006: Protected branch update failed for $name." >&2
    echo "error: Changes must be made through a pull request." >&2
done
for name in $refused; do
    say "ng $name protected branch hook declined"
done
printf 0000
