#!/usr/bin/env bash
# Upgrades lose nothing: what each version in tests/upgrade/*.tar.gz wrote is continued, read and scored by this one as
# that version did it itself. tests/upgrade/make packs them and says what is in them.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
export PRUNET_CPU=portable
unset PRUNET_BACKEND
quiet=$TMPDIR/out # what the last command said

says() { # text
    grep -qF -- "$1" "$quiet" || { show "$quiet"; false; }
}

# Bits are those of any x86-64 machine, by PRUNET_CPU=portable. Elsewhere the compiler fuses multiplications with
# additions, and the C library rounds its functions otherwise: there `exactly` is a skip.
machine=$(uname -m)
exactly() { # name, command...
    if [ "$machine" = x86_64 ]; then
        check "$@"
    else
        echo "ok - $1 # skip its bits were made on x86-64; those of $machine differ, it fuses multiply and add"
    fi
}

# Every column of the old table has its old values in the new one; a new table may have further columns.
same_columns() { # old new
    awk -F'\t' '
        FNR == 1 && NR != 1 { for (i = 1; i <= NF; i++) column[$i] = i
                              for (i = 1; i <= width; i++) if (!(name[i] in column)) exit (missing = 1)
                              rows = NR - 1; next }
        NR == FNR { line[NR] = $0; if (NR == 1) width = split($0, name); next }
        { count = split(line[FNR], was)
          for (i = 1; i <= count; i++) if ($column[name[i]] != was[i]) missing = 1 }
        END { exit missing || rows != FNR }' "$1" "$2" || { diff "$1" "$2" | sed 's/^/# /'; false; }
}

# The voxels of two uncompressed label maps behind NIfTI's header of 352 bytes.
same_voxels() { # old new
    cmp <(gzip -dc "$1" | tail -c +353) <(gzip -dc "$2" | tail -c +353)
}

# A version's files in a folder of their own, with paths that fit where it lies now. Their dates are all one: what was
# made is not older than what it was made of.
unpack() { # archive folder
    local file
    mkdir -p "$2"
    tar -xzf "$1" -C "$2" || return
    grep -rlIF @HERE@ "$2" | while IFS= read -r file; do
        sed -i "s|@HERE@|$2|g" "$file"
        touch -d @0 "$file"
    done
}

# The stages with a version's data and records, in the words that it knew: later versions keep them.
configuration=ROW # CONFIG is its later name
continued() { # version's folder, run, make's words...
    make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$1/data" CASES="$1/cases" RUN="$2" SEED=1 \
        "$configuration=tests/upgrade/tiny.config" "${@:3}" >"$quiet" 2>&1
}

# A copy of the stopped run whose manifest can be altered.
copy_run() { # folder name
    rm -rf "${1:?}/$2"
    cp -a "$1/run" "$1/$2"
}

last_state() { # run
    sha256sum <"$1/epochs/0003/state.safetensors"
}

# --- one version's files ---

as_undisturbed() { # version folder backend
    local name="$1, $3" expected=$2/expected/$3 run=$2/run-$3 table
    copy_run "$2" "run-$3"
    check "$name: the stopped run goes on" continued "$2" "$run" BACKEND="$3" evaluate || show "$quiet"
    exactly "$name: state of an undisturbed run" cmp <(last_state "$run") "$expected/state.sha256"
    for table in log.tsv validation.tsv; do
        exactly "$name: $table of an undisturbed run" cmp "$expected/$table" "$run/$table"
    done
    for table in "$expected"/predictions/*; do
        exactly "$name: prediction ${table##*/}" same_voxels "$table" "$run/predictions/${table##*/}"
    done
    for table in dice hd95; do
        exactly "$name: scores by $table" same_columns "$expected/evaluation/$table.tsv" "$run/evaluation/$table.tsv"
    done
}

probabilities() { # folder case backend
    local state
    for state in run/best/state.safetensors baseline.safetensors; do
        prunet-infer --backend "$3" -m "$1/$state" "$1/cases/$2.nrrd" | tail -c 98304 | sha256sum
    done
}

reads() { # version folder
    local case backend
    check "$1: its records are read" same_columns "$2/expected/rawinfo.tsv" <(rawinfo "$2"/cases/*.nrrd)
    check "$1: and from a pipe" same_columns "$2/expected/rawinfo.tsv" <(cat "$2"/cases/*.nrrd | rawinfo)
    check "$1: the checksums of its run hold" \
        test "$(augment --seed 1 --digests "$2/run/manifest/inputs.tsv" "$2"/cases/*.nrrd | rawinfo --no-header | wc -l)" = \
        "$(rawinfo --no-header "$2"/cases/*.nrrd | wc -l)"
    case=$(head -n 1 "$2/run/manifest/validation")
    for backend in cpu reference; do
        check "$1, $backend: its run segments a case" env PRUNET_BACKEND=$backend \
            pipelines/segment "$2/data/$case" "$2/run" "$2/$backend.nii.gz"
        exactly "$1, $backend: to the same voxels" same_voxels "$2/expected/$backend/segmented.nii.gz" "$2/$backend.nii.gz"
        exactly "$1, $backend: its states give the same probabilities" \
            cmp "$2/expected/$backend/probabilities.sha256" <(probabilities "$2" "$case" $backend)
    done
}

# Records are not made anew for an upgrade; made anew, they are the same.
keeps_records() { # version folder archive
    check "$1: its records are left as they are" test -z "$(find "$2/cases" -name '[!.]*.nrrd*' -newermt @1)"
    unpack "$3" "$2/again"
    rm "$2"/again/cases/*.nrrd*
    check "$1: preprocessed anew" continued "$2/again" "$2/again/run" preprocess || show "$quiet"
    exactly "$1: the same records" diff -r "$2/cases" "$2/again/cases" -x recipe -x ".*"
}

# --- manifests: compared by meaning ---

refused() { # name, folder, texts that the message has...
    local name=$1 folder=$2 text
    check "$name is refused" test "$(continued "$folder" "$folder/altered" train; echo $?)" != 0
    check "$name: status 65" says "Error 65"
    for text in "${@:3}"; do
        check "$name: names $text" says "$text"
    done
}

manifests() { # version folder
    local run=$2/altered table=$2/altered/manifest/run.tsv
    copy_run "$2" altered
    sed -i '/^MEMORY\t/d; /^LOSS_DIVISOR\t/d; /^PATIENCE\t/d' "$table"
    check "$1: a setting that its manifest lacks has the default's value" continued "$2" "$run" train || show "$quiet"
    exactly "$1: and the run goes on to the same state" cmp <(last_state "$run") "$2/expected/cpu/state.sha256"

    copy_run "$2" altered
    LC_ALL=C sort -r "$table" -o "$table"
    check "$1: the order of settings has no meaning" continued "$2" "$run" train || show "$quiet"

    copy_run "$2" altered
    cp tests/upgrade/tiny.config "$2/renamed"
    check "$1: nor has the name of the file that gave them" continued "$2" "$run" ROW="$2/renamed" train || show "$quiet"

    if grep -qw CONFIG Makefile; then
        copy_run "$2" altered
        configuration=CONFIG check "$1: CONFIG= is ROW=" continued "$2" "$run" train || show "$quiet"
    fi

    copy_run "$2" altered
    sed -i '/^PATCH\t/d' "$table"
    refused "$1: a setting that its manifest lacks, and that is not the default now," "$2" "PATCH: none, now 16x16x16"

    copy_run "$2" altered
    printf 'FROM_LATER\t1\n' >>"$table"
    sed -i 's/^version\t.*/version\tprunet-step (prunet) 999.0.0/' "$run/manifest/circumstances.tsv"
    refused "$1: a manifest of a later version" "$2" "$run" FROM_LATER 999.0.0
}

# --- what a later version writes in another format ---

later_formats() { # version folder
    local case state=$2/later.safetensors record=$2/later.nrrd
    case=$(head -n 1 "$2/run/manifest/validation")
    LC_ALL=C sed 's/"prunet.version":"1"/"prunet.version":"2"/' "$2/run/best/state.safetensors" >"$state"
    LC_ALL=C sed 's/^prunet.version:=1$/prunet.version:=2/' "$2/cases/$case.nrrd" >"$record"
    prunet-infer -m "$state" "$2/cases/$case.nrrd" >"$TMPDIR/none" 2>"$quiet"
    check "$1: a state of a later format: status 65" test $? = 65
    check "$1: a state of a later format: named, with its version" says "$state: prunet.version: '2'"
    rawinfo "$record" >"$TMPDIR/none" 2>"$quiet"
    check "$1: a record of a later format: status 65" test $? = 65
    check "$1: a record of a later format: named, with its version" says "$record"
    check "$1: a record of a later format: its version" says "prunet.version 2"
}

for archive in tests/upgrade/*.tar.gz; do
    version=$(basename "$archive" .tar.gz)
    folder=$TMPDIR/$version
    check "$version is unpacked" unpack "$archive" "$folder" || continue
    as_undisturbed "$version" "$folder" cpu
    as_undisturbed "$version" "$folder" reference
    reads "$version" "$folder"
    manifests "$version" "$folder"
    keeps_records "$version" "$folder" "$archive"
    later_formats "$version" "$folder"
done
