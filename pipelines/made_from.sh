# What a file was made from, kept beside it as a line of text: digests of its sources and the settings that shape it. A
# file is made anew when that line would be another one; dates play no part. Sourced.
# shellcheck shell=bash

# Whether a file is there and was made from this.
is_made_from() { # file line
    local note=${1%/*}/.${1##*/}.from
    [ -f "$1" ] && [ -f "$note" ] && [ "$(<"$note")" = "$2" ]
}

digest_of() { # file
    file-digest --no-header -- "$1" | cut -f1
}

# The same for what counts as the work of one model: its bytes must still be those that were made.
is_still_made_from() { # file line
    local digest
    [ -f "$1" ] || return
    digest=$(digest_of "$1") || exit
    is_made_from "$1" "$2 made=$digest"
}

note_still_made_from() { # file line
    local digest
    digest=$(digest_of "$1") || exit
    note_made_from "$1" "$2 made=$digest"
}

# Before a file is made: whatever is there now counts as made from nothing known.
forget_made_from() { # file
    rm -f -- "${1%/*}/.${1##*/}.from"
}

# After it is made, and its bytes are on the disk.
note_made_from() { # file line
    local note=${1%/*}/.${1##*/}.from part
    own_temporary part "$note"
    printf '%s\n' "$2" >"$part"
    publish "$part" "$note"
}

# The digests of files, a line each, in their order. A file that has not changed since the last time is not read again. That may
# take long: for run_function.
digests_of() { # where digests are remembered; names of files on standard input, one a line
    become_tool file-digest --no-header --stamps "$1" | cut -f1
}
