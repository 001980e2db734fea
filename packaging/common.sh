# What is packed is the same bytes wherever and whenever it is packed. Sourced.
# shellcheck shell=bash

export LC_ALL=C TZ=UTC
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# A line of the Makefile, where version and date have their one place.
of_makefile() { # variable
    sed -n "s/^$1 *:= *//p" Makefile | head -n 1
}
# shellcheck disable=SC2034 # for the scripts
version=$(of_makefile VERSION)
released=$(of_makefile RELEASED)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -u -d "$released" +%s)}

# The machine that a build is for, as `uname -m` has it, by the head of its programs.
machine_of() { # build
    case $(od -An -tu2 -j18 -N2 -- "$1/bin/prunet") in
    *62) echo x86_64 ;;
    *183) echo aarch64 ;;
    *) echo "$1/bin/prunet: for a machine that is neither x86-64 nor arm64" >&2 && return 1 ;;
    esac
}

# A folder's files as a compressed archive: sorted, without owners, all of one date.
pack() { # folder, names in it..., from standard input with "-"; to standard output
    local names=("${@:2}")
    [ "${names[*]}" != - ] || names=(--null --no-recursion --files-from=-)
    tar --create --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode='u+rw,go+r-w,a+X' -C "$1" "${tar_options[@]}" "${names[@]}" | gzip -9 -n
}
tar_options=()

# A folder for the time of the script.
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
