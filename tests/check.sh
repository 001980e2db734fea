# What test scripts share: TAP lines, which tests/run gathers. Sourced.
# shellcheck shell=bash

# One line for one promise: whether the command succeeds.
check() { # name, command...
    local name=$1
    shift
    if "$@"; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        return 1
    fi
}

# The same of a command that has ended already: check_status $? NAME.
check_status() { # status, name
    check "$2" test "$1" = 0
}

# A file's lines as TAP comments, to explain a failure.
show() { # file
    sed 's/^/# /' "$1"
}

# What stands behind a state's header: weights and Adam's means.
behind_header() { # state
    tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1"
}
