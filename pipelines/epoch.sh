# One epoch: train, validate, commit. Sourced by train.
#
# An epoch appears in epochs/ by one rename, when all of it is on the disk. Until then it has another name beside that:
#
#   .0007.running       being trained; after a kill it is begun anew
#   .0007.at-00012      stopped by a signal after 12 cases; goes on from there
#   .0007.trained       all steps are done; still to be validated
# shellcheck shell=bash

epoch_name() { # epoch
    printf %04d "$1"
}

# Sets `complete` to the folders of the complete epochs, in their order. Only an epoch's exact name counts.
find_epochs() {
    local folder digit='[0-9]'
    complete=()
    for folder in "$epochs"/$digit$digit$digit$digit "$epochs"/[1-9]$digit$digit$digit$digit{,$digit,$digit$digit}; do
        [ ! -d "$folder" ] || complete+=("$folder")
    done
}

# Sets `last` to the number of the last complete epoch.
find_last() {
    find_epochs
    last=${complete[-1]##*/}
    last=$((10#$last))
}

# Gives an epoch's folder its next name after its bytes are on the disk, and removes the epoch's other folders.
advance() { # folder name
    local other stem=${2%%.[a-z]*}
    persist "$1"/* "$1"
    mv -T -- "$1" "$epochs/$2"
    persist "$epochs"
    for other in "$epochs/.${stem#.}".*; do
        [ "$other" = "$epochs/$2" ] || rm -rf -- "$other"
    done
}

# Sets `records` to the files of the named cases.
find_records() { # names...
    local name
    records=()
    for name in "$@"; do
        records+=("$cases/$name.nrrd")
    done
}

order_of() { # epoch
    printf '%s\n' "${training[@]}" | order-cases --seed "$seed" --epoch "$1"
}

# --- training --------------------------------------------------------------------------------------------------------

# Whether records are trained on as they are.
takes_plain_records() {
    [ "$AUGMENT" = no ] && [ "$PATCH" = none ] && [[ ! $DROP_MODALITY =~ [1-9] ]]
}

# Sets `augmenting` to the command that augments records and cuts them to patches as the configuration has it.
find_augmenting() { # epoch
    local options
    read_lines options intensity_options
    [ "$AUGMENT" = yes ] || options+=(--rotate 0 --scale 1 --elastic 0 --shift 0 --no-flip)
    [ "$PATCH" = none ] || options+=(--patch "$PATCH")
    augmenting=(augment --seed "$seed" --epoch "$1" --digests "$run/manifest/inputs.tsv" "${options[@]}")
}

# The records of the named cases on standard output, augmented.
augmented_records() { # epoch, names...
    local records augmenting
    find_records "${@:2}"
    find_augmenting "$1"
    become_tool "${augmenting[@]}" -- "${records[@]}"
}

# An epoch's records are prefetched: a process of their own makes them, and the step reads them from descriptor 4.
prefetching= # the epoch whose records these are
prefetcher=  # the process id

# May be called before the epoch begins: its first record is then ready in time, and the process waits for a reader. The
# records depend on seed, epoch and cases alone; the process writes to its pipe only and ends when that is closed.
prefetch_start() { # epoch
    local names
    ! takes_plain_records && [ ${#launch[@]} = 0 ] || return 0
    read_lines names order_of "$1"
    exec 4< <(ignore_stops && augmented_records "$1" "${names[@]}")
    prefetcher=$!
    prefetching=$1
}

# Closes the pipe; the exit status of the process that wrote to it.
prefetch_wait() {
    local status=0
    [ -n "$prefetching" ] || return 0
    exec 4<&-
    prefetching=
    wait_for "$prefetcher" || status=$?
    return "$status"
}

# Sets `learning` to the command that trains on records.
find_learning() { # epoch work
    local options
    read_lines options step_options
    [ "$FROM" = none ] || [ "$(readlink "$2/from")" != "$epochs/0000/state.safetensors" ] || options+=(--fresh-optimizer)
    learning=(prunet-step --state "$2/from" --epoch "$1" --expect "$2/order" --learning-rate "$(learning_rate "$1")"
        "${options[@]}" --usage "$2/usage.tsv" -o "$2/state.safetensors")
}

step() { # epoch work records..., none where they come from augment, by descriptor 4
    local learning
    find_learning "$1" "$2"
    if [ $# = 2 ]; then
        run_tool_from 4 "${learning[@]}"
    else
        run_tool "${learning[@]}" --digests "$run/manifest/inputs.tsv" -- "${@:3}"
    fi
}

# The same by a launcher, whose processes are ranks: each has records of its own (pipelines/rank). What a terminal sends would
# end them, so the launcher has a session of its own, and a stop is SIGUSR1, which it passes on.
launched_step() { # epoch work
    local learning augmenting=() status=0
    find_learning "$1" "$2"
    if takes_plain_records; then
        learning+=(--digests "$run/manifest/inputs.tsv")
    else
        find_augmenting "$1"
    fi
    tools_stop=USR1
    printf '%s\n' "${training[@]}" >"$2/names"
    run_tool setsid "${launch[@]}" "$here/rank" "$2/names" "$cases" "$seed" "$1" "$BATCH" "${augmenting[@]}" -- \
        "${learning[@]}" </dev/null || status=$?
    tools_stop=TERM
    return "$status"
}

# Prepares .NAME.running: the order of the cases, the state to start from and the table of the steps before a stop. A state
# that was stopped inside the epoch knows how many cases it has done; prunet-step skips them.
begin_epoch() { # epoch name work
    local stopped=
    rm -rf "$3" && mkdir "$3"
    stopped=$(compgen -G "$epochs/.$2.at-*" | sort | tail -n 1) || true
    if [ -n "$stopped" ]; then
        ln -s "$stopped/state.safetensors" "$3/from"
        cp "$stopped/steps.tsv" "$3/before"
    else
        ln -s "$epochs/$(epoch_name $(($1 - 1)))/state.safetensors" "$3/from"
        : >"$3/before"
    fi
    order_of "$1" >"$3/order"
}

# Joins the tables of the steps before and after a stop, and leaves nothing else beside the state.
end_epoch() { # work
    if [ -s "$1/before" ]; then
        tail -n +2 "$1/now" | cat "$1/before" - >"$1/steps.tsv"
    else
        mv "$1/now" "$1/steps.tsv"
    fi
    rm -f "$1/before" "$1/now" "$1/order" "$1/names" "$1/from"
}

# Leaves .NAME.trained, or .NAME.at-K and exits with 75.
train_epoch() { # epoch
    local name work=$epochs/.$(epoch_name "$1").running status=0 made=0 names records
    name=$(epoch_name "$1")
    [ -n "$prefetching" ] || prefetch_start "$1"
    begin_epoch "$1" "$name" "$work"
    [ -z "$stopping" ] || stop_epoch "$name" "$work"
    if [ ${#launch[@]} != 0 ]; then
        launched_step "$1" "$work" >"$work/now" || status=$?
    elif [ -n "$prefetching" ]; then
        step "$1" "$work" >"$work/now" || status=$?
        prefetch_wait || made=$?
    else
        read_lines names cat "$work/order"
        find_records "${names[@]}"
        step "$1" "$work" "${records[@]}" >"$work/now" || status=$?
    fi
    if [ "$status" = 75 ] || { [ "$status" != 0 ] && [ -n "$stopping" ]; }; then
        stop_epoch "$name" "$work"
    elif [ "$status" != 0 ]; then
        die "$status" "epoch $1 is dropped; the $(($1 - 1)) before it are kept"
    elif [ "$made" != 0 ]; then
        die "$made" "epoch $1 is dropped: its records could not be read to their end"
    fi
    end_epoch "$work"
    advance "$work" ".$name.trained"
}

# The state itself says whether it is one inside the epoch: a step that was killed may have saved a complete one just before, and
# its status may be lost.
is_inside_epoch() { # state
    [ -f "$1" ] && prunet-model show "$1" | awk -F'\t' '$1 == "prunet.cases_done" && $2 > 0 { inside = 1 } END { exit !inside }'
}

stop_epoch() { # name work
    local done=0
    if is_inside_epoch "$2/state.safetensors"; then
        end_epoch "$2"
        done=$(($(wc -l <"$2/steps.tsv") - 1))
        [ -d "$epochs/.$1.at-$(printf %05d "$done")" ] || advance "$2" ".$1.at-$(printf %05d "$done")"
    fi
    note_stop "in epoch $((10#$1)) after $done of its cases"
    exit 75
}

# --- validation ------------------------------------------------------------------------------------------------------

# Sets `segmenting` and `scoring` to the commands of a pipe that makes records to rows of Dice.
find_validating() { # work
    local windows
    read_lines windows window_options
    segmenting=(prunet-infer -m "$1/state.safetensors" --pass-label "${windows[@]}" --digests "$run/manifest/inputs.tsv")
    scoring=(dice-eval --outputs "${records_options[@]}")
}

validation_rows() { # work
    local records segmenter status=0 segmented=0
    find_records "${validation[@]}"
    exec 3< <(ignore_stops && become_tool "${segmenting[@]}" -- "${records[@]}" 4<&-)
    segmenter=$!
    run_tool_from 3 "${scoring[@]}" --expect <(printf '%s\n' "${validation[@]}") - >"$1/validation.tsv" || status=$?
    exec 3<&-
    wait_for "$segmenter" || segmented=$?
    [ "$segmented" != 141 ] || [ "$status" = 0 ] || segmented=0 # the scorer listened no more
    [ "$segmented" = 0 ] || return "$segmented"
    return "$status"
}

# The same by a launcher, whose processes take a case in turn and leave a table each; the rows are joined in the list's order.
launched_validation_rows() { # work
    local list=$1/ranks/names
    rm -rf -- "$1/ranks" && mkdir -- "$1/ranks"
    printf '%s\n' "${validation[@]}" >"$list"
    run_tool setsid "${launch[@]}" "$here/rank-validation" "$list" "$cases" "$1/ranks" "${segmenting[@]}" '|' "${scoring[@]}" \
        </dev/null || return
    awk -F'\t' '
        !listed && FNR == 1 { header = $0; next }
        !listed { rows[$1] = rows[$1] $0 "\n"; next }
        header != "" { print header; header = "" }
        !($1 in rows) { exit 1 }
        { printf "%s", rows[$1] }' "$1"/ranks/*.tsv listed=1 "$list" >"$1/validation.tsv" || return
    rm -rf -- "$1/ranks"
}

# The Dice of each validation case on its crop; with that the epoch is complete.
validate_epoch() { # epoch
    local name work segmenting scoring status=0
    name=$(epoch_name "$1")
    work=$epochs/.$name.trained
    find_validating "$work"
    if [ ${#launch[@]} = 0 ]; then
        validation_rows "$work" || status=$?
    else
        launched_validation_rows "$work" || status=$?
    fi
    if [ -n "$stopping" ]; then
        note_stop "in the validation of epoch $1"
        exit 75
    fi
    [ "$status" = 0 ] || die "$status" "epoch $1 cannot be validated"
    advance "$work" "$name"
}
