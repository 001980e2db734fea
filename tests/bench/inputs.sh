# What the benchmark works on: states and records, made by the project's own tools. Sourced by `bench`.
# shellcheck shell=bash

# The checkpoint of a row of pipelines/rows, before its first step.
state_of() { # row
    local file=$FOLDER/inputs/$1.safetensors options
    (
        load_row "$1"
        options=(--kind "$KIND" --channels "$CHANNELS")
        [ "$KIND" = baseline ] || options+=(--encoder-blocks "$ENCODER_BLOCKS" --decoder-blocks "$DECODER_BLOCKS")
        [ -f "$file" ] || prunet-init --seed 1 "${options[@]}" -o "$file"
    ) && echo "$file"
}

# The grid that a row trains on.
size_of() { # row
    (
        load_row "$1"
        if [ "$PATCH" = none ]; then echo "${PRUNET_BENCH_FULL:-$CROP}"; else echo "${PRUNET_BENCH_PATCH:-$PATCH}"; fi
    )
}

# A phantom's image and label records. One whose head fills the crop: a patch is cut from a volume of its own size.
records_of() { # XxYxZ
    local file=$FOLDER/inputs/$1.nrrd grid=$1
    [ "$1" != 160x192x160 ] || grid=240x240x155
    if [ ! -f "$file" ]; then
        phantom -q --seed 1 --cases 1 --size "$grid" -o "$SCRATCH/phantom-$1" >/dev/null || return
        nii2raw --dir "$SCRATCH/phantom-$1/phantom_00001" | crop --size "$1" | standardize -o "$file" || return
    fi
    echo "$file"
}
