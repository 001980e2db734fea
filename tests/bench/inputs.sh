# What the benchmark works on: states and records, made by the project's own tools. Sourced by `bench`.
# shellcheck shell=bash

# The checkpoint of a configuration, before its first step.
state_of() { # configuration
    local file=$FOLDER/inputs/$1.safetensors options
    (
        load_config "$1"
        mapfile -t options < <(network_options)
        [ -f "$file" ] || prunet-init --seed 1 "${options[@]}" -o "$file"
    ) && echo "$file"
}

# The grid that a configuration trains on.
size_of() { # configuration
    (
        load_config "$1"
        if [ "$PATCH" = none ]; then echo "${PRUNET_BENCH_FULL:-$CROP}"; else echo "${PRUNET_BENCH_PATCH:-$PATCH}"; fi
    )
}

# The image and label records of one phantom, whose head fills the crop: it is made as large as the crop. Only the full
# field of view is cut from a volume of BraTS' size.
records_of() { # XxYxZ
    local file=$FOLDER/inputs/$1.nrrd grid=$1
    [ "$1" != 160x192x160 ] || grid=240x240x155
    if [ ! -f "$file" ]; then
        phantom -q --seed 1 --cases 1 --size "$grid" -o "$SCRATCH/phantom-$1" >/dev/null || return
        nii2raw --dir "$SCRATCH/phantom-$1/phantom_00001" | crop --size "$1" | standardize -o "$file" || return
    fi
    echo "$file"
}
