# Cases as records, once for each size, for gpu-check and gpu-bench. Sourced; the sourcing script sets scratch, a folder,
# cases, a folder of cases' folders, and count.
# shellcheck shell=bash disable=SC2154

# The file of `count` records of a size, made where there is none yet: of that many cases, over and over where there are
# fewer; side by side, since a case takes a second of a processor.
records() { # size
    local file=$scratch/$1-$count.nrrd folders=("$cases"/*/) jobs=() n
    if ! [ -e "$file" ]; then
        for ((n = 0; n < count; n++)); do
            nii2raw --quiet --dir "${folders[n % ${#folders[@]}]}" | crop --quiet --size "$1" |
                standardize --quiet -o "$file.$n" &
            jobs+=($!)
        done
        for n in "${jobs[@]}"; do
            wait "$n" || return 1
        done
        for ((n = 0; n < count; n++)); do
            cat "$file.$n" && rm "$file.$n"
        done >"$file.part" && mv "$file.part" "$file" || return 1
    fi
    printf '%s\n' "$file"
}
