# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts share: words to the user, and the cache of things that take long to make. Sourced.

set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xt_rtpengine_rs
readonly checkout cache
# A make that a script starts is a new one, not a part of the one that started the script.
unset MAKEFLAGS MFLAGS MAKELEVEL

# Where a shell looks for rtpctl's completions, below /usr/local/share.
# shellcheck disable=SC2034 # of the scripts that install and uninstall
readonly completions='bash bash-completion/completions/rtpctl
zsh zsh/site-functions/_rtpctl
fish fish/vendor_completions.d/rtpctl.fish'

say() {
    echo "$*" >&2
}

die() {
    say "error: $*"
    exit 1
}

need_root() {
    [[ $(id -u) == 0 ]] || die "this makes a chroot and starts a virtual machine: run it as root (sudo make ...)"
}

# The hash of the given files and of the standard input.
hash_of() {
    { cat "$@" -; } | sha256sum | cut -c1-16
}

# Makes a folder for build products that belongs to whoever owns the checkout, also when root builds.
product_folder() {
    local folder=$1
    [[ -d $folder ]] && return
    mkdir -p "$folder"
    chown --reference="$checkout" "$checkout/build" "$folder"
}

# piece NAME KEY ABOUT COMMAND...: prints the path of the folder NAME-KEY in the cache. When it is not there,
# `COMMAND... FOLDER` fills a temporary folder, which then gets that name, so that nothing half made is ever found.
# ABOUT is how long that takes. Should it fail because packages cannot be had, the newest older piece serves, unless no_other is set.
piece() {
    local name=$1 key=$2 about=$3 folder temporary lock start status
    shift 3
    folder=$cache/$name-$key
    mkdir -p "$cache"
    if [[ ! -d $folder ]]; then
        exec {lock}>"$cache/$name.lock"
        flock "$lock"
        if [[ ! -d $folder ]]; then
            rm -rf "$cache/tmp.$name".*
            temporary=$(mktemp -d "$cache/tmp.$name.XXXXXX")
            chmod 755 "$temporary"
            say "making the $name, about $about, kept for the next time ..."
            start=$SECONDS
            # Not in a condition, where the shell would go on after an error.
            set +e
            (set -e; "$@" "$temporary") >"$cache/$name.log" 2>&1 {lock}>&-
            status=$?
            set -e
            if [[ $status == 0 ]]; then
                mv -T "$temporary" "$folder"
                say "the $name is made, in $((SECONDS - start)) s"
                prune "$name" "$folder"
            else
                rm -rf "$temporary"
                older_piece "$name"
                return
            fi
        fi
        exec {lock}>&-
    fi
    touch "$folder"
    echo "$folder"
}

# Removes the pieces of a name that nothing has used for a day.
prune() {
    local name=$1 keep=$2 old
    find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$name-????????????????" ! -path "$keep" -mmin +1440 -print0 |
        while IFS= read -rd '' old; do rm -rf "$old"; done
}

older_piece() {
    local name=$1 newest
    newest=$(find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$name-????????????????" -printf '%T@ %p\n' |
        sort -n | tail -n 1 | cut -d' ' -f2-)
    if [[ -z $newest || -n ${no_other:-} || ! -e $cache/apt/unreachable ]]; then
        tail -n 30 "$cache/$name.log" >&2
        die "the $name could not be made; all of the log is in $cache/$name.log"
    fi
    say "packages cannot be had now: the $name made before serves"
    echo "$newest"
}
