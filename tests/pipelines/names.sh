#!/usr/bin/env bash
# Names are data: no name of a folder, a file, a case or a configuration, no setting and no variable of make becomes a word of
# a shell, a target of make or a path outside the folders that it was given. `canary` is a program that leaves a mark.
# shellcheck disable=SC2016 # names, not commands
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
root=$PWD
ran=$TMPDIR/ran
bin=$TMPDIR/bin
mkdir -p "$bin/bin" && ln -s "$BUILD"/bin/* "$bin/bin/"
printf '#!/bin/sh\nexec touch "%s"\n' "$ran" >"$bin/bin/canary"
chmod +x "$bin/bin/canary"
BUILD=$bin PATH=$bin/bin:$PATH

nothing_ran() { # name
    check "$1: nothing was run" test ! -e "$ran" || rm -f "$ran"
}
all_stages() { # run, make's words...
    stages "$1" "${@:2}" preprocess train evaluate segment
}
results() { # run, records, label maps
    fingerprint "$1"
    (cd "$1/predictions" && sha256sum -- *)
    (cd "$2" && sha256sum -- *)
    (cd "$3" && sha256sum -- *)
    cat -- "$1/evaluation/dice.tsv" "$1/evaluation/hd95.tsv"
}

all_stages "$TMPDIR/whole"
check "an undisturbed run" test -f "$TMPDIR/whole/evaluation/hd95.tsv" || show "$TMPDIR/whole.out"
whole=$(results "$TMPDIR/whole" "$TMPDIR/whole/cases" "$TMPDIR/whole/segmentations")

# --- folders that may be called anything ------------------------------------------------------------------------------

same_results() { # name, run, records, label maps
    check "$1: the same bytes" test "$(results "${@:2}")" = "$whole" || show "$2.out"
    nothing_ran "$1"
}
names=('my data (1) [x]*?{a,b}~!1' "it's \"quoted\" größe 図" '$(canary)`canary`' ';canary;&canary&|canary' '$(shell canary)$${HOME}$@%:#='
    'back\slash\n|e;canary;#')
for name in "${names[@]}"; do
    there=$TMPDIR/$name
    mkdir -- "$there"
    cp -r -- "$data" "$there/$name"
    all_stages "$there/run $name" DATA="$there/$name" CASES="$there/cases $name" OUT="$there/out $name"
    same_results "folders called $name" "$there/run $name" "$there/cases $name" "$there/out $name"
    rm -rf -- "$there"
done

# A case whose folder's name is no case name is taken under the name that a list gives it.
odd='Müller $(canary);canary'
cp -r -- "$data" "$TMPDIR/odd" && mv -- "$TMPDIR/odd/phantom_00002" "$TMPDIR/odd/$odd"
stages "$TMPDIR/refused" preprocess DATA="$TMPDIR/odd"
check "an odd folder of a case is refused" grep -q "cannot name a case.*PRUNET_CASE_NAMES" "$TMPDIR/refused.out" || show "$TMPDIR/refused.out"
printf '%s\tphantom_00002\n' "$odd" >"$TMPDIR/case names.tsv"
PRUNET_CASE_NAMES=$TMPDIR/case\ names.tsv all_stages "$TMPDIR/odd run" DATA="$TMPDIR/odd"
same_results "an odd folder of a case, with another name" "$TMPDIR/odd run" "$TMPDIR/odd run/cases" "$TMPDIR/odd run/segmentations"

# Names that look like options, and a configuration of such a name. The pipeline is called from a folder of this test's own.
mkdir "$TMPDIR/here" && cd "$TMPDIR/here" || exit 1
ln -s "$root/pipelines" pipelines
cp -r -- "$data" ./-data
cp -- "$config" './-e $(canary);canary'
make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" SEED=1 DATA=-data RUN=--help CASES=-n OUT=-rf \
    CONFIG='./-e $(canary);canary' preprocess train evaluate segment >"$TMPDIR/out" 2>&1
check "names that look like options" test $? = 0 || show "$TMPDIR/out"
mv -- --help "$TMPDIR/options"
whole_but_name=$(sed '/^row\t/d' "$TMPDIR/whole/manifest/run.tsv")
check "are names" test "$(sed '/^row\t/d' "$TMPDIR/options/manifest/run.tsv")" = "$whole_but_name"
same_results "names that look like options" "$TMPDIR/options" ./-n ./-rf
cd "$root" || exit 1

# By the top-level Makefile, -n and from the environment, too.
name='a b;canary;$(canary)$(shell canary)`canary`'\''"'
mkdir -- "$TMPDIR/$name" && cp -r -- "$data" "$TMPDIR/$name/data"
make -n BUILD="$BUILD" DATA="$TMPDIR/$name/data" RUN="$TMPDIR/$name/run" CONFIG="$config" preprocess segment >"$TMPDIR/out" 2>&1
check "make -n with such names" test $? = 0 || show "$TMPDIR/out"
nothing_ran "make -n with such names"
make -s -o all BUILD="$BUILD" DATA="$TMPDIR/$name/data" RUN="$TMPDIR/$name/run" CONFIG="$config" preprocess >"$TMPDIR/out" 2>&1
check "the top-level make with such names" test $? = 0 -a -f "$TMPDIR/$name/run/cases/phantom_00005.nrrd" || show "$TMPDIR/out"
nothing_ran "the top-level make with such names"
env DATA="$TMPDIR/$name/data" RUN="$TMPDIR/$name/run 2" CONFIG="$config" make -s -o all BUILD="$BUILD" preprocess >"$TMPDIR/out" 2>&1
check "from the environment" test $? = 0 -a -f "$TMPDIR/$name/run 2/cases/phantom_00005.nrrd" || show "$TMPDIR/out"
nothing_ran "from the environment"
pipelines/compare --data "$TMPDIR/$name/data" --home "$TMPDIR/$name/home" --configs "$config" --steps 1 >"$TMPDIR/out" 2>&1
check "compare with such names" test $? = 0 -a "$(wc -l <"$TMPDIR/$name/home/compare.tsv")" = 2 || show "$TMPDIR/out"
nothing_ran "compare with such names"
for kind in first second; do
    [ $kind = first ] || rm -rf -- "$TMPDIR/$name/data/phantom_00005" # cases to compare on with the current model
    pipelines/retrain --data "$TMPDIR/$name/data" --home "$TMPDIR/$name/|e;canary;#&" --config "$config" >"$TMPDIR/out" 2>&1
    check "a $kind retraining with such names" test $? = 0 || show "$TMPDIR/out"
done
check "is scored" test "$(cell outcome 2 "$TMPDIR/$name/|e;canary;#&/history.tsv" | grep -c '^\(promoted\|kept\)$')" = 1
nothing_ran "retrain with such names"
rm -rf -- "${TMPDIR:?}/$name"

# The demo, of a copy of the pipeline in a folder of such a name, with a configuration of a moment.
mkdir -- "$TMPDIR/$name" && cp -r pipelines "$TMPDIR/$name/"
{ cat "$config" && printf 'PHANTOM_CASES=3\nPHANTOM_SIZE=48x48x48\nPHANTOM_SEED=5\n'; } >"$TMPDIR/$name/pipelines/configurations/demo"
echo 'include pipelines/brats.mk' >"$TMPDIR/$name/Makefile"
SEED=1 RUN="$TMPDIR/$name/|e;canary;#&" "$TMPDIR/$name/pipelines/demo" >"$TMPDIR/out" 2>&1
check "the demo with such names" test $? = 0 || show "$TMPDIR/out"
check "it compares with a threshold" grep -q "whole tumour, held-out phantoms: Dice 0.* of the network, 0.* of the best threshold" "$TMPDIR/out"
nothing_ran "the demo with such names"
rm -rf -- "${TMPDIR:?}/$name"

# --- cases that may not ------------------------------------------------------------------------------------------------

for name in 'Patient A' 'x (1)' '$(canary)' '`canary`' 'x;canary;y' '$(shell canary)' '-rf' 'a:b' '#' '%' '$@' "it's" 'größe' '*' \
    'a=b' $'a\ncanary' $'a\tb' '..x/../..'; do
    hostile=$TMPDIR/hostile
    rm -rf "$hostile" && mkdir -p "$hostile/data/${name%%/*}"
    cp -r "$data/phantom_00001" "$hostile/data/"
    cp "$data/phantom_00002/"* "$hostile/data/${name%%/*}/"
    all_stages "$hostile/run" DATA="$hostile/data" -j 2
    status=$?
    if [ "$name" = '..x/../..' ]; then # ..x is an odd name, and a hidden one
        check "a hidden folder is no case" test -f "$hostile/run/cases/phantom_00001.nrrd" -a ! -e "$hostile/run/cases/..x.nrrd"
        continue
    fi
    check "a case called ${name@Q} is refused" test $status != 0
    check "with 65" grep -q "preprocess] Error 65" "$hostile/run.out"
    check "by its name" grep -qF -e "$(printf %s "$name" | sed ':a; N; $!ba; s/\n/\\n/; s/\t/\\t/')" -e "${name//$'\t'/\\t}" "$hostile/run.out" ||
        show "$hostile/run.out"
    check "before anything is made" test -z "$(find "$hostile/run" -name '*.nrrd' -o -name epochs -o -name '*.nii.gz')"
    nothing_ran "a case called ${name@Q}"
done

# Files of a case may be called anything that ends as they must.
mkdir "$TMPDIR/files" && cp -r "$data"/* "$TMPDIR/files/"
for file in "$TMPDIR/files/phantom_00003/"*; do
    mv -- "$file" "${file%/*}/-\$(canary);canary;'\" \`canary\`_${file##*_}"
done
all_stages "$TMPDIR/by-files" DATA="$TMPDIR/files"
same_results "files called -\$(canary);canary;'\" \`canary\`_t1.nii.gz" "$TMPDIR/by-files" "$TMPDIR/by-files/cases" "$TMPDIR/by-files/segmentations"

# --- settings and variables ---------------------------------------------------------------------------------------------

refused() { # name, status, make's words...
    local run=$TMPDIR/refused
    rm -rf "$run"
    all_stages "$run" CASES="$TMPDIR/whole/cases" "${@:3}"
    check "$1 is refused" test $? != 0
    check "$1: status $2" grep -q "Error $2\$" "$run.out" || show "$run.out"
    check "$1: nothing is trained" test ! -e "$run/epochs/0001"
    nothing_ran "$1"
}
for setting in 'CROP=16x16x16;canary;' 'CROP=$(canary)' 'LABELS=$(shell canary)' 'EPOCHS=`canary`' 'AVERAGE=window-1;canary' \
    'CHANNELS=4,8,8,8,8 $(canary)' 'MEMORY=[$(canary)]' 'PATIENCE=a[$(canary)]' ';canary;=1' 'PATH=.' '$(canary)' 'BASH_ENV=canary'; do
    { cat "$config" && printf '%s\n' "$setting"; } >"$TMPDIR/hostile-config"
    refused "the setting $setting" 2 CONFIG="$TMPDIR/hostile-config"
done
for value in ';canary;' '$(canary)' '$(shell canary)' 'a[$(canary)]'; do
    refused "CONFIG=$value" 2 CONFIG="$value"
    refused "SEED=$value" 2 SEED="$value"
    refused "EPOCHS=$value" 2 EPOCHS="$value"
    refused "BACKEND=$value" 2 BACKEND="$value"
    refused "THREADS=$value" 2 THREADS="$value"
done

# --- what a folder holds that another has made --------------------------------------------------------------------------

# A record that claims to be another case, by a name that is a path.
run=$TMPDIR/path
cp -r "$TMPDIR/whole" "$run"
rm -rf "$run/epochs" "$run/best" "$run/manifest" "$run/log.tsv" "$run/predictions"
record=$run/cases/phantom_00001.nrrd
LC_ALL=C sed -i 's|phantom_00001$|../../escaped|' "$record"
check "a record is called ../../escaped" grep -aq '[.]/escaped$' "$record"
sha256sum <"$record" | cut -d' ' -f1 >"$record.sha256"
check "it is not trained on" test "$(stages "$run" train; echo $?)" != 0
check "nothing is written by that name" test -z "$(find "$TMPDIR" -name '*escaped*')" -a ! -e "$TMPDIR/../escaped"

# A run whose list of cases has been edited.
for name in ../escaped '../../escaped' '$(canary)' '-o' ''; do
    run=$TMPDIR/edited
    rm -rf "$run" && cp -r "$TMPDIR/whole" "$run" && cp "$run/cases/phantom_00001.nrrd" "$run/escaped.nrrd"
    cp "$run/cases/phantom_00001.nrrd.sha256" "$run/escaped.nrrd.sha256"
    printf '%s\n' "$name" >"$run/manifest/validation"
    printf '%s\tvalidation\t%s\n' "$name" "$(<"$run/escaped.nrrd.sha256")" >>"$run/manifest/inputs.tsv"
    pipelines/evaluate --data "$data" --cases "$run/cases" --run "$run" >"$run.out" 2>&1
    check "a list with the case '$name': 65" test $? = 65 || show "$run.out"
    check "nothing is written by that name" test -z "$(find "$run" "$TMPDIR" -maxdepth 1 -name '*escaped*.nii.gz')"
    nothing_ran "a list with the case '$name'"
done

# Folders of epochs and tables of a run.
train() {
    pipelines/train --data "$data" --cases "$run/cases" --run "$run" --config "$config" --epochs 2 >"$run.out" 2>&1
}
tampered() { # name, status
    train
    check "$1: status $2" test $? = "$2" || show "$run.out"
    nothing_ran "$1"
}
for name in '9[$(canary)]' '0002[$(canary)]' '2;canary'; do
    rm -rf "$run" && cp -r "$TMPDIR/whole" "$run" && cp -r "$run/epochs/0001" "$run/epochs/$name"
    tampered "an epoch called $name" 65
done
for cell in 'a[$(canary)]' '$(canary)' '1;canary' '../../../escaped'; do
    for table in steps validation; do
        rm -rf "$run" && cp -r "$TMPDIR/whole" "$run"
        sed -i "2s|^[^\t]*|$cell|" "$run/epochs/0001/$table.tsv"
        train
        nothing_ran "$cell in $table.tsv"
        check "$cell in $table.tsv: no such path" test -z "$(find "$TMPDIR" -name 'escaped*' -newer "$TMPDIR/edited")"
    done
    rm -rf "$run" && cp -r "$TMPDIR/whole" "$run"
    sed -i "s#^\(CROP\|LABELS\)\t.*#\1\t$cell#" "$run/manifest/run.tsv"
    check "$cell for CROP: no label map" test "$(pipelines/segment --data "$data" --run "$run" --output "$run/out" 2>/dev/null; echo $?)" != 0
    pipelines/evaluate --data "$data" --cases "$run/cases" --run "$run" >"$run.out" 2>&1
    check "$cell for LABELS: no scores" test $? != 0
    nothing_ran "$cell in run.tsv"
done
