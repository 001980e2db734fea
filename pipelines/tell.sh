# What a stage says of its many cases: how far it is, and at its end those that are left out, and why. Sourced.
# shellcheck shell=bash

# "12 of 285, 4 min left": those that are done took so many seconds.
progress_of() { # number of this one, how many, how many are done, seconds
    local left=$(($3 == 0 ? 0 : $4 * ($2 - $3) / $3)) line="$1 of $2"
    if [ "$left" -ge 3600 ]; then
        printf -v line '%s, %d:%02d h left' "$line" $((left / 3600)) $((left / 60 % 60))
    elif [ "$left" -ge 60 ]; then
        line+=", $((left / 60)) min left"
    elif [ "$left" -ge 5 ]; then
        line+=", $left s left"
    fi
    printf %s "$line"
}

# Notes a case that is left out, a line in a file: its name and the cause.
leave_out() { # file name cause
    printf '%s\t%s\n' "$2" "${3:-nobody said why}" >>"$1"
}

# Lists them; nothing where there are none.
say_left_out() { # file, how many cases there were, what to do
    local name why
    [ -s "$1" ] || return 0
    say "$(wc -l <"$1") of $2 cases are left out:"
    sort -- "$1" | while IFS=$'\t' read -r name why; do
        printf '  %s: %s\n' "$name" "$why" >&2 || true
    done
    say "$3"
}
