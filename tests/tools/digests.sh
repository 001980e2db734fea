#!/usr/bin/env bash
# --digests of augment, prunet-step and prunet-infer: a record file that is not the one whose checksum was made is not used,
# and the results of the others are what they are without.
. tests/tools/_network.sh
make_cases 3 && make_state "$work/state" || exit 1
cd "$work" || exit 1
table() { # names: the rows of their files as they are now
    local name
    for name in "$@"; do
        printf '%s\ttraining\t%s\n' "$name" "$(sha256sum <"$name.nrrd" | cut -d' ' -f1)"
    done
}
table 0 1 2 >inputs.tsv
mkdir sound && cp ./*.nrrd sound/
restore() { cp sound/*.nrrd .; }

augment_with() { augment --seed 1 --epoch 1 "$@"; }
step_with() { prunet-step -q --state state "$@"; }
infer_with() { prunet-infer -m state --pass-label "$@"; }
files() { printf '%s.nrrd ' "$@"; }

# --- what is sound ------------------------------------------------------------------------------------------------------
for tool in augment step infer; do
    # shellcheck disable=SC2046 # several words
    ${tool}_with -o without $(files 0 1 2) >without.table && ${tool}_with --digests inputs.tsv -o with $(files 0 1 2) >with.table
    check "$tool: the same bytes as without" test $? = 0 -a "$(cksum <with)" = "$(cksum <without)" -a \
        "$(cut -f1-7 with.table)" = "$(cut -f1-7 without.table)"
done
check "the order of the files need not be the table's" test "$(augment_with --digests inputs.tsv 2.nrrd 0.nrrd | cksum)" = "$(augment_with 2.nrrd 0.nrrd | cksum)"
check "in whatever folder" test "$(augment_with --digests inputs.tsv "$PWD/sound/1.nrrd" | cksum)" = "$(augment_with 1.nrrd | cksum)"

# --- what has changed: nothing of the case is handed on, and no state is written -------------------------------------------
flip() { # file byte
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059 # an escape sequence
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
size=$(stat -c %s 1.nrrd)
image_end=$((4096 + 32 * 32 * 16 * 4 * 4))
piece() { # of the sound file: byte, count
    tail -c +$(($1 + 1)) sound/1.nrrd | head -c "$2"
}
changed() { # what, command that changes 1.nrrd
    local tool
    restore
    eval "$2"
    for tool in augment step infer; do
        rm -f out
        # shellcheck disable=SC2046 # several words
        fails "$tool: $1" 65 "1.nrrd: has changed since its checksum was made" "${tool}_with" --digests inputs.tsv -o out $(files 0 1 2)
        check "$tool: nothing is written" test ! -e out -a -z "$(find . -name '.out*')"
    done
    for tool in augment infer; do
        "${tool}_with" 0.nrrd >first
        "${tool}_with" --digests inputs.tsv 0.nrrd 1.nrrd >all 2>message
        check "$tool: only the case before it is handed on" test $? = 65 -a "$(cksum <all)" = "$(cksum <first)"
    done
}
# shellcheck disable=SC2016 # expanded when they run
{
    changed "a bit of the image's first voxel" 'flip 1.nrrd 4096'
    changed "a bit in the image" 'flip 1.nrrd 100001'
    changed "a bit of the image's last voxel" 'flip 1.nrrd $((image_end - 4))'
    changed "a bit of the header's padding" 'flip 1.nrrd 4000'
    changed "a bit of the label's header's padding" 'flip 1.nrrd $((image_end + 4000))'
    changed "another case in its place" 'cp 2.nrrd 1.nrrd'
    changed "another case in its place, with the dates" 'cp -p 2.nrrd new && touch -r 1.nrrd new && mv new 1.nrrd'
    changed "a swap of two" 'cp 1.nrrd new && cp 2.nrrd 1.nrrd && cp new 2.nrrd'
    changed "two voxels swapped" '{ piece 0 38976; piece 38980 4; piece 38976 4; piece 38984 $size; } >1.nrrd'
}
check "its size is as before" test "$(stat -c %s 1.nrrd)" = "$size"
restore && cat sound/2.nrrd >>1.nrrd
fails "a record behind it" 65 "1.nrrd: has changed since its checksum was made" augment_with --digests inputs.tsv -o out 0.nrrd 1.nrrd
restore && truncate -s -1 1.nrrd
fails "a byte less" 65 "1.nrrd: " step_with --digests inputs.tsv -o out 0.nrrd 1.nrrd
check "no state" test ! -e out
restore && cp state before
flip 2.nrrd 5000
fails "the last case of an epoch" 65 "2.nrrd: has changed since" step_with --digests inputs.tsv 0.nrrd 1.nrrd 2.nrrd
check "a state that is continued in place stays" cmp -s state before
restore

# --- changed while the tool runs --------------------------------------------------------------------------------------------
mkdir many
for n in $(seq 10 29); do cp 0.nrrd many/"$n".nrrd; done
(cd many && table $(seq 10 29)) >many.tsv
exec 5< <(augment_with --digests many.tsv many/*.nrrd 2>message || echo $? >status)
head -c 1000 <&5 >out # it has begun, and waits with a full pipe
flip many/29.nrrd $((image_end - 1))
cat <&5 >>out
exec 5<&-
for _ in $(seq 100); do [ -s status ] && break; sleep 0.05; done
check "a record changed during the run" test "$(cat status)" = 65 -a "$(cat message)" = "augment: many/29.nrrd: has changed since its checksum was made"
check "it is not handed on" test "$(grep -ac 'prunet.role:=image' out)" = 19

# --- a pass over the file, not two ------------------------------------------------------------------------------------------
bytes_read() { # command...
    bash -c '"$@" >/dev/null; sed -n "s/^rchar: //p" /proc/$$/io' bash "$@"
}
if [ -r /proc/self/io ]; then
    once=$(bytes_read augment --seed 1 --epoch 1 --digests inputs.tsv 0.nrrd 1.nrrd 2.nrrd)
    check "each file is read once: $once bytes of $((3 * size))" test "$once" -lt $((3 * size + 250000)) -a "$once" -ge $((3 * size))
else
    echo "ok - each file is read once # skip needs /proc/self/io"
fi

# --- files and tables that do not fit -----------------------------------------------------------------------------------------
head -n 2 inputs.tsv >two.tsv
for tool in augment step infer; do
    # shellcheck disable=SC2046 # several words
    fails "$tool: a case that is not in the table" 65 "2.nrrd: its checksum is not in two.tsv" "${tool}_with" --digests two.tsv -o out $(files 0 1 2)
    fails "$tool: standard input" 2 "the digest of standard input is not known" "${tool}_with" --digests inputs.tsv -o out <0.nrrd
    fails "$tool: a missing table" 1 "nowhere.tsv: cannot open" "${tool}_with" --digests nowhere.tsv -o out 0.nrrd
done
cp 0.nrrd 0.raw && fails "a file of another name" 65 "0.raw: its checksum is not in" augment_with --digests inputs.tsv 0.raw
cp 0.nrrd .nrrd && fails "a file without a name" 65 ".nrrd: its checksum is not in" augment_with --digests inputs.tsv .nrrd
check "before the work on the first" test "$(augment_with --digests inputs.tsv 0.nrrd 0.raw 2>message | wc -c)" = 0
wrong() { # what, part of the message, table
    printf '%b' "$3" >wrong.tsv
    fails "a table with $1" 65 "wrong.tsv: $2" augment_with --digests wrong.tsv -o out 0.nrrd
}
digest=$(sha256sum <0.nrrd | cut -d' ' -f1)
wrong "nothing" "not one case" ''
wrong "a case twice" "case 0 is there twice" "0\tx\t$digest\n1\tx\t$digest\n0\ty\t$digest\n"
wrong "a header" "line 1 is not a case" "name\tlist\tsha256\n0\tx\t$digest\n"
wrong "two columns" "line 2 is not a case" "1\tx\t$digest\n0\t$digest\n"
wrong "four columns" "line 1 is not a case" "0\tx\t$digest\tx\n"
wrong "a digest that is short" "line 1 is not a case" "0\tx\t${digest:1}\n"
wrong "a digest that is long" "line 1 is not a case" "0\tx\t${digest}0\n"
wrong "a digest in capitals" "line 1 is not a case" "0\tx\t${digest^^}\n"
wrong "the last line cut" "line 1 is not a case" "0\tx\t$digest"
wrong "no name" "line 1 is not a case" "\tx\t$digest\n"
wrong "a name that is none" "line 1 is not a case" "../0\tx\t$digest\n"
wrong "a long line" "line 1 is not a case" "0\t$(head -c 5000 /dev/zero | tr '\0' x)\t$digest\n"
wrong "a NUL" "line 1 is not a case" "0\tx\t\0${digest:1}\n"
head -c 100000 /dev/urandom >wrong.tsv && fails "a table of noise" 65 "wrong.tsv: line 1 is not" augment_with --digests wrong.tsv 0.nrrd
