# What the tests of spacings share: phantoms whose headers say that their voxels are of 2 mm. Sourced.
# shellcheck shell=bash

# The little-endian bytes of a float, at a place of a file.
put_float() { # file offset bytes
    printf %b "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# pixdim, and the diagonal of the sform, which is -1, -1, 1 in phantoms.
make_coarse() { # folder of a case
    local file
    for file in "$1"/*.nii.gz; do
        gzip -d "$file"
        file=${file%.gz}
        for offset in 80 84 88 320; do
            put_float "$file" "$offset" '\0000\0000\0000\0100'
        done
        for offset in 280 300; do
            put_float "$file" "$offset" '\0000\0000\0000\0300'
        done
        gzip -n "$file"
    done
}
