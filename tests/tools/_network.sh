# What the tests of the network's tools share: small labelled cases and a small state. Sourced.
# shellcheck shell=bash
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
work=${TMPDIR:-/tmp}

# The command must exit with that status and say that on standard error.
fails() { # name status text command...
    local name=$1 wanted=$2 text=$3 status=0
    shift 3
    "$@" >"$work/fails.out" 2>"$work/fails.err" || status=$?
    if [ "$status" = "$wanted" ] && grep -qF -- "$text" "$work/fails.err"; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed "s/^/# $status: /" "$work/fails.err"
    fi
}

make_cases() { # count: $work/0.nrrd ... of 32 x 32 x 16 voxels
    phantom --quiet --seed 4 --cases "$1" --size 40x40x24 -o "$work/raw" >"$work/names" || return
    local folder number=0
    for folder in "$work"/raw/*/; do
        nii2raw --dir "$folder" | crop --size 32x32x16 | standardize -o "$work/$number.nrrd" || return
        number=$((number + 1))
    done
}

make_state() { # path, options of prunet-init...
    local path=$1
    shift
    prunet-init --seed 3 --channels 4,8,12,16,20 --groups 2 "$@" -o "$path"
}

metadata() { # state key
    head -c 4096 "$1" | grep -ao "\"$2\":\"[^\"]*\"" | cut -d '"' -f 4
}

# The losses of two epochs differ by less.
close() { # bound name name
    paste "$work/$2.tsv" "$work/$3.tsv" | awk -F '\t' -v bound="$1" -v columns="$(head -n 1 "$work/$2.tsv" | wc -w)" '
        NR > 1 { d = $4 - $(4 + columns); if (!(d < bound && d > -bound)) exit 1; n++ } END { exit n != 2 }'
}
