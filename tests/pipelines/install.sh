#!/usr/bin/env bash
# An installed copy: what lies where, that it runs from wherever it is moved, from any folder, read-only, as another user,
# without HOME; and that nothing is left of it when it is removed.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
chmod 711 "$TMPDIR/.." "$TMPDIR" # for the other user
umask 022
tree=$PWD
first=$TMPDIR/first
make -s -o all -o library install BUILD="$BUILD" DESTDIR="$first" PREFIX=/usr >"$TMPDIR/out" 2>&1
check "make install" test $? = 0 -a ! -s "$TMPDIR/out" || show "$TMPDIR/out"
check "bin holds prunet and links alone" test -z "$(find "$first/usr/bin" -mindepth 1 ! -name prunet ! -name 'prunet-*')"
check "every tool" test "$(ls "$first/usr/libexec/prunet")" = "$(basename -s .c tools/*.c | grep -v -x prunet | sort)"
check "a link to each" test "$(find "$first/usr/bin" -name 'prunet-*' -type l | wc -l)" = "$(find "$first/usr/libexec/prunet" -type f | wc -l)"
check "no link is absolute or broken" test -z "$(find "$first" -type l \( -lname '/*' -o ! -exec test -e {} \; \) -print)"
check "all configurations" diff -r pipelines/configurations "$first/usr/share/prunet/pipelines/configurations"
check "the pages that README.md leads to" test -z "$(grep -o '](docs/[^)#]*' README.md | sed 's/](//' | sort -u |
    while IFS= read -r page; do [ -f "$first/usr/share/doc/prunet/$page" ] || echo "$page"; done)"
make -s -o all -o library install BUILD="$BUILD" DESTDIR="$TMPDIR/again" PREFIX=/usr
check "a second time: the same" diff -r --no-dereference "$first" "$TMPDIR/again"
mkdir -p "$TMPDIR/again/usr/share/prunet/models" && touch "$TMPDIR/again/usr/share/prunet/models/mine" "$TMPDIR/again/usr/libexec/prunet/old"
make -s -o all -o library install BUILD="$BUILD" DESTDIR="$TMPDIR/again" PREFIX=/usr
check "over an older one: a model of one's own stays, a tool that is no more goes" test -f "$TMPDIR/again/usr/share/prunet/models/mine" -a ! -e "$TMPDIR/again/usr/libexec/prunet/old"

# Moved as a whole to a folder with a blank; nothing of the tree is needed.
copy="$TMPDIR/moved copy"
mv "$first/usr" "$copy"
prunet=$copy/bin/prunet
path=${PATH//"$BUILD/bin:"/} # without the tools of the build
unset BUILD
elsewhere=$TMPDIR/elsewhere
mkdir "$elsewhere" && cd "$elsewhere" || exit 1
alone() { # command...: in a bare environment
    env -i PATH="$path" OMP_WAIT_POLICY=passive "$@"
}
check "the tools are its own" test "$(alone "$prunet" --exec-path)" = "$copy/libexec/prunet"
check "a tool through its link" test "$(alone "$copy/bin/prunet-crop" --version)" = "$(alone "$copy/libexec/prunet/crop" --version)"
check "and through a link to the door from elsewhere" ln -s "$prunet" door
check "finds them, too" test "$(alone ./door --exec-path)" = "$copy/libexec/prunet"
alone "$prunet" doctor >"$TMPDIR/out"
check "doctor finds the models in the box" test "$(grep -c "^model .*	$copy/share/prunet/models/starter" "$TMPDIR/out")" = 2 || show "$TMPDIR/out"
check "doctor finds the stages" grep -q "^stages	$copy/share/prunet/pipelines/stages$" "$TMPDIR/out" || show "$TMPDIR/out"
alone "$prunet" train "$data" run --config "$config" >"$TMPDIR/out" 2>&1
check "train from a foreign folder" test $? = 0 -a -f run/log.tsv || show "$TMPDIR/out"
alone "$prunet" evaluate "$data" run >"$TMPDIR/out" 2>&1
check "evaluate" test $? = 0 -a -s run/evaluation/hd95.tsv || show "$TMPDIR/out"
alone BUILD=/nowhere "$prunet" segment -m run/best/state.safetensors --crop 32x32x32 "$data" maps >"$TMPDIR/out" 2>&1
check "segment, whatever BUILD is" test "$(find maps -name '*.nii.gz' | wc -l)" = 5 || show "$TMPDIR/out"
alone BUILD=/nowhere "$prunet" preprocess "$data" other --config "$config" >"$TMPDIR/out" 2>&1
check "preprocess, whatever BUILD is" diff -r --exclude=.stamps run/cases other/cases

# A stop of the door is one of the stage.
env -i PATH="$path" OMP_WAIT_POLICY=passive "$prunet" train "$data" stopped --config "$config" --epochs 500 >"$TMPDIR/out" 2>&1 &
door=$!
until [ -d stopped/epochs/0001 ] || ! kill -0 "$door" 2>/dev/null; do sleep 0.05; done
kill -TERM "$door"
wait "$door"
check "a training that is stopped through the door: status 75" test $? = 75 || show "$TMPDIR/out"
check "says so once" test "$(grep -c 'stopped' "$TMPDIR/out")" = 1 || show "$TMPDIR/out"
alone "$prunet" train "$data" stopped --config "$config" --epochs "$(($(column epoch stopped/log.tsv | tail -n 1) + 1))" >"$TMPDIR/out" 2>&1
check "and the same command goes on" test $? = 0 || show "$TMPDIR/out"

# The model in the box.
alone "$prunet" segment "$data/phantom_00001" map.nii.gz >"$TMPDIR/out" 2>&1
if [ -f "$copy/share/prunet/models/starter.safetensors" ]; then
    check "segment by the model in the box" test -s map.nii.gz || show "$TMPDIR/out"
else
    check "without one it is said where it would be" grep -q "models/starter.safetensors: is neither in" "$TMPDIR/out"
    mkdir -p "$copy/share/prunet/models"
    alone "$copy/bin/prunet-model" export run/best/state.safetensors -o "$copy/share/prunet/models/starter.safetensors"
    alone "$prunet" segment --crop 32x32x32 "$data/phantom_00001" map.nii.gz >"$TMPDIR/out" 2>&1
    check "segment by the model in share/prunet" test -s map.nii.gz || show "$TMPDIR/out"
fi

# Another user, who can write nowhere but into a folder of its own.
if [ "$(id -u)" = 0 ]; then
    mkdir "$TMPDIR/theirs" && chown 12345 "$TMPDIR/theirs" && chmod -R a+rX "$data" "$config" "$copy"
    find "$copy" "$data" | sort | xargs -d '\n' stat -c '%n %s %Y' >"$TMPDIR/before"
    cd "$TMPDIR/theirs" || exit 1
    setpriv --reuid 12345 --regid 12345 --clear-groups env -i PATH="$path" OMP_WAIT_POLICY=passive "$prunet" train "$data" run --config "$config" >"$TMPDIR/out" 2>&1
    check "train as another user, without HOME" test $? = 0 || show "$TMPDIR/out"
    check "the same bytes" test "$(fingerprint run)" = "$(fingerprint "$elsewhere/run")"
    setpriv --reuid 12345 --regid 12345 --clear-groups env -i PATH="$path" OMP_WAIT_POLICY=passive "$prunet" evaluate "$data" run >"$TMPDIR/out" 2>&1
    check "evaluate as another user" test $? = 0 || show "$TMPDIR/out"
    find "$copy" "$data" | sort | xargs -d '\n' stat -c '%n %s %Y' | cmp -s - "$TMPDIR/before"
    check "nothing was written beside the copy and the data" test $? = 0
fi

cd "$tree" || exit 1
touch "$copy/bin/other"
make -s uninstall PREFIX="$copy"
check "make uninstall leaves what others put there, and nothing else" test "$(find "$copy" ! -type d)" = "$copy/bin/other"
