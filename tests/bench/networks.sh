# Steps and inferences of a network: ours, and the same in PyTorch after its outputs have agreed. Sourced by `bench`.
# A measurement is called KIND.NETWORK.SIZE.THREADS.WHO.MODE; NETWORK is a file of pipelines/configurations.
# shellcheck shell=bash disable=SC2034  # the scripts share their variables

# What a mode of PyTorch means to tests/bench/torch_step.py: recompute or keep, then the memory format.
declare -A MODES=([recompute]='' [keep]=--keep [revtorch]=--revtorch [contiguous]='' [channels-last]=--channels-last)

AGREEMENT=1e-4 # of probabilities

# --- ours: mode is prunet-step's --memory ---

step() { # network size threads mode smaller
    local name=step.$1.$2.$3.prunet.$4
    measure "$name" our_step "$@" "$(steps_for "${name/"$2"/"$5"}" step "$5" "$2")"
}

our_step() { # network size threads mode smaller steps
    local state records memory=(--memory "$4") planned
    state=$(state_of "$1") && records=$(records_of "$2") || return
    [ "$4" != default ] || memory=()
    mapfile -t inputs < <(repeated "$6" "$records")
    watched prunet-step --state "$state" --threads "$3" "${memory[@]}" -o "$SCRATCH/new.safetensors" "${inputs[@]}" \
        >"$SCRATCH/steps" || return
    planned=$(planned_bytes training -m "$state" --size "$2" --threads "$3" "${memory[@]}" | awk '{ print $1 / 1048576 }') || return
    row network "$1" "$2" "$3" prunet "$4" step "$(seconds_of "$SCRATCH/steps" | median)" s $(($6 - 1)) || return
    row network "$1" "$2" "$3" prunet "$4" peak "$PEAK" MiB 1
    row network "$1" "$2" "$3" prunet "$4" plan "$planned" MiB 1
}

infer() { # network size threads smaller
    local name=infer.$1.$2.$3.prunet
    measure "$name" our_infer "$@" "$(steps_for "${name/"$2"/"$4"}" infer "$4" "$2")"
}

# The tool prints a message after each case; the time between two of them includes reading and writing.
our_infer() { # network size threads smaller count
    local state records
    state=$(state_of "$1") && records=$(records_of "$2") || return
    mapfile -t inputs < <(repeated "$5" "$records")
    watched prunet-infer -v -m "$state" --threads "$3" "${inputs[@]}" >/dev/null || return
    row network "$1" "$2" "$3" prunet default infer "$(stamps_apart | median)" s $(($5 - 1)) || return
    row network "$1" "$2" "$3" prunet default infer-peak "$PEAK" MiB 1
}

# --- theirs: who is torch-new or torch-old ---

torch_command() { # who: leaves it in TORCH
    if [ "$1" = torch-new ]; then TORCH=("${NEW[@]}"); else TORCH=("${OLD[@]}"); fi
    TORCH+=(tests/bench/torch_step.py)
}

# Inference in a memory format, whose probabilities must agree with ours; then the steps in the given modes.
peer() { # who network size threads smaller format mode...
    local who=$1 network=$2 size=$3 threads=$4 smaller=$5 format=$6 mode name
    torch_command "$who"
    [ "${TORCH[0]}" != tests/bench/torch_step.py ] || return 0
    name=infer.$network.$size.$threads.$who.$format
    measure "$name" torch_infer "$@" "$(steps_for "${name/"$size"/"$smaller"}" infer "$smaller" "$size")"
    [ -f "$FOLDER/rows/$name.tsv" ] || return 0
    for mode in "${@:7}"; do
        name=step.$network.$size.$threads.$who.$mode+$format
        measure "$name" torch_steps "$who" "$network" "$size" "$threads" "$smaller" "$format" "$mode" \
            "$(steps_for "${name/"$size"/"$smaller"}" step "$smaller" "$size")"
    done
}

torch_infer() { # who network size threads smaller format mode... count
    local state records apart who=$1 network=$2 size=$3 threads=$4 format=$6 count=${*: -1}
    local at=("$network" "$size" "$threads" "$who" "$format")
    state=$(state_of "$network") && records=$(records_of "$size") || return
    prunet-infer -m "$state" "$records" -o "$SCRATCH/prob.nrrd" 2>"$SCRATCH/errors" || return
    # shellcheck disable=SC2086  # a mode is an option or nothing
    watched "${TORCH[@]}" "$state" "$records" --infer --epochs "$count" --threads "$threads" ${MODES[$format]} \
        --output "$SCRATCH/prob.raw" >"$SCRATCH/steps" || return
    apart=$("${TORCH[@]/%torch_step.py/difference.py}" "$SCRATCH/prob.nrrd" "$SCRATCH/prob.raw" 2>"$SCRATCH/errors") || return
    awk -v a="$apart" -v most="$AGREEMENT" 'BEGIN { exit !(a <= most) }' ||
        { reason="the outputs are $apart apart, more than $AGREEMENT" && return 1; }
    row network "${at[@]}" apart "$apart" probability 1
    row network "${at[@]}" infer "$(seconds_of "$SCRATCH/steps" | median)" s $((count - 1)) || return
    row network "${at[@]}" infer-peak "$(above_start)" MiB 1
}

torch_steps() { # who network size threads smaller format mode steps
    local state records name=step.$2.$5.$4.$1.$7+$6
    [ "$5" = "$3" ] || fits "$name" peak "$5" "$3" || return
    state=$(state_of "$2") && records=$(records_of "$3") || return
    # shellcheck disable=SC2086  # a mode is an option or nothing
    watched "${TORCH[@]}" "$state" "$records" --epochs "$8" --threads "$4" ${MODES[$6]} ${MODES[$7]} \
        >"$SCRATCH/steps" || return
    row network "$2" "$3" "$4" "$1" "$7+$6" step "$(seconds_of "$SCRATCH/steps" | median)" s $(($8 - 1)) || return
    row network "$2" "$3" "$4" "$1" "$7+$6" peak "$(above_start)" MiB 1
}

# MiB that PyTorch took above what was resident before its first step.
above_start() {
    sed -n 's/.* \([0-9]*\) MiB above the start$/\1/p' "$SCRATCH/steps"
}

# The memory format in which the newest PyTorch made a step fastest, of those measured at a size.
faster_format() { # network size threads
    local format mode seconds
    for format in contiguous channels-last; do
        for mode in recompute keep; do
            if seconds=$(value_of "step.$1.$2.$3.torch-new.$mode+$format" step); then echo "$seconds $format"; fi
        done
    done | sort -g | awk 'NR == 1 { print $2 }'
}
