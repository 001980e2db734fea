#!/usr/bin/env bash
# file-digest: what sha256sum prints, in the order given; a memory that is used where nothing was touched, and only there.
set -u
. tests/check.sh
cd "$TMPDIR" || exit 1

fails() { # name, status, part of the message, command...
    local name=$1 expected=$2 part=$3 got
    shift 3
    "$@" >out 2>err
    got=$?
    check "$name: status $expected, nothing printed" test "$got" = "$expected" -a ! -s out || show err
    check "$name: $part" grep -q -F -e "$part" err || show err
}

table_of() { # what sha256sum says of files, as file-digest prints it
    local file
    for file in "$@"; do
        printf '%s\t%s\n' "$(sha256sum <"$file" | cut -d' ' -f1)" "$file"
    done
}

# Files of lengths about a block and about what is read at once, and of names that a shell would take apart.
files=()
for length in 0 1 55 56 63 64 65 119 120 262143 262144 262145 1000003; do
    head -c "$length" /dev/urandom >"length $length"
    files+=("length $length")
done
# shellcheck disable=SC2016 # names, not commands
for name in "it's \"quoted\"" 'a;b`id`$(id)' '[x]*?' 'größe' $'\xff\xfe' '-n' '\backslash\t' '#% :'; do
    printf '%s' "$name" >"./$name"
    files+=("$name")
done
file-digest --no-header -- "${files[@]}" >got 2>err
check "the digests of sha256sum, in the order given" test $? = 0 -a ! -s err -a "$(cat got)" = "$(table_of "${files[@]}")"
check "its header" test "$(file-digest -- -n | head -n 1)" = $'sha256\tpath'
printf '%s\n\n' "${files[@]}" >list
check "the same by a list" test "$(file-digest --no-header --files-from list)" = "$(cat got)"
check "and by one from standard input" test "$(file-digest --no-header --files-from - <list)" = "$(cat got)"
check "also where no file is named" test "$(file-digest --no-header <list)" = "$(cat got)"
check "a list's last line may be without an end" test "$(printf %s "length 1" | file-digest --no-header)" = "$(table_of 'length 1')"
check "files, then those of the list" test "$(echo 'length 1' | file-digest --no-header --files-from - 'length 55' | cut -f2 | tr '\n' ,)" = "length 55,length 1,"
check "an empty list is an empty table" test "$(file-digest </dev/null)" = $'sha256\tpath'
check "a file may be asked for twice" test "$(file-digest --no-header --stamps twice.stamps 'length 1' 'length 1' | uniq | wc -l)" = 1

# What cannot be.
mkdir folder && mkfifo pipe && ln -s nowhere dangling
printf x >$'tab\there' && printf x >$'line\nbreak' && printf x >$'return\r'
fails "a tab" 65 'tab\there: a tab or a line break' file-digest 'length 1' $'tab\there'
fails "a line break" 65 'line\nbreak: a tab or a line break' file-digest $'line\nbreak'
fails "a carriage return" 65 'return\r: a tab' file-digest $'return\r'
fails "a tab in a list" 65 'standard input: tab\there' file-digest --files-from - <<<$'tab\there'
fails "a list with a NUL" 65 'standard input: line 2 is not a path' file-digest < <(printf 'length 1\nlength\0 1\n')
fails "a line longer than a path" 65 'line 1 is not a path' file-digest < <(head -c 5000 /dev/zero | tr '\0' a)
fails "a missing file" 1 'nowhere: cannot open' file-digest 'length 1' nowhere
fails "a link to nothing" 1 'dangling: cannot open' file-digest dangling
fails "a folder" 1 'folder: is not a regular file' file-digest folder
fails "a pipe that nobody writes" 1 'pipe: is not a regular file' timeout 10 file-digest pipe
fails "a device" 1 '/dev/zero: is not a regular file' timeout 10 file-digest /dev/zero
fails "a missing list" 1 'nowhere: cannot open' file-digest --files-from nowhere
fails "a folder for a list" 1 'folder: cannot read' file-digest --files-from folder
fails "standard output for the notes" 2 'a file is needed' file-digest --stamps - 'length 1'
fails "a pipe for the notes" 1 'pipe: is not a regular file' timeout 10 file-digest --stamps pipe 'length 1'
fails "notes in no folder" 1 'nowhere/stamps: cannot create' file-digest --stamps nowhere/stamps 'length 1'
file-digest 'length 1' >/dev/full 2>err
check "a full disk is 1" test $? = 1
file-digest -o table 'length 1' && check "-o writes the table" test "$(cat table)" = "$(file-digest 'length 1')"
fails "of a failure" 1 nowhere file-digest -o table nowhere
check "the table before is left" test "$(cat table)" = "$(file-digest 'length 1')"

# Notes: none of files that are young.
printf young >young
file-digest --stamps stamps young >out
check "a file just written is not noted" test "$(wc -l <stamps)" = 2 -a "$(grep -c "$(cut -f1 out | tail -n 1)" stamps)" = 0 || show stamps
touch -d '2 hours' future
check "nor one of the future" test "$(file-digest --stamps stamps future | wc -l)" = 2 -a "$(wc -l <stamps)" = 2

# What the notes say of a file, in place of its digest: it shows whether the file was read. Lines that end with their digest.
wrong=$(printf %064d 0)
close_stamps() { # lines
    { cat "$1" && printf '%s\tof the lines above\n' "$(sha256sum <"$1" | cut -d' ' -f1)"; } >stamps
}
falsify() {
    sed -e '$d' -e "2,\$s/^[0-9a-f]*/$wrong/" stamps >false
    close_stamps false
}
digest_of() { file-digest --no-header --stamps stamps -- "$@" | cut -f1; }
printf one >one && printf two >two && cp one written && cp one replaced && cp one older && cp one renamed && sleep 4.1
right_one=$(sha256sum <one | cut -d' ' -f1) right_two=$(sha256sum <two | cut -d' ' -f1)
check "the first time they are digested" test "$(digest_of one two written replaced older renamed | sort -u)" = "$(printf '%s\n' "$right_one" "$right_two" | sort)"
check "and noted" test "$(grep -c -e "^$right_one" -e "^$right_two" stamps)" = 6
before=$(stat -c %i:%Z stamps)
digest_of one two >out
check "notes that are as they were are not written anew" test "$(stat -c %i:%Z stamps)" = "$before"
cp stamps sound
falsify
check "files that nobody has touched are not read" test "$(digest_of one two)" = "$wrong"$'\n'"$wrong"
check "by whatever path" test "$(digest_of "$PWD/./one")" = "$wrong"

# Any trace of a change, the dates put back as they were.
changes() { # name, file, command
    local inode
    eval "$3"
    check "$1: read again" test "$(digest_of "$2")" = "$(sha256sum <"$2" | cut -d' ' -f1)"
    inode=$(stat -c %i "$2")
    check "$1: young, and no longer noted" test -z "$(cut -f3 stamps | grep -x "$inode")" || show stamps
}
touch -r one date
changes "other bytes of the same length, the date put back" written 'printf eno >written; touch -r date written'
changes "a replaced file, the date put back" replaced 'printf eno >new; touch -r date new; mv new replaced'
changes "an older file in its place" older 'cp -p "length 55" older'
changes "another name" renamed 'mv renamed renamed.old; cp -p renamed.old renamed'
check "files that were not asked for stay noted" test "$(digest_of one two)" = "$wrong"$'\n'"$wrong"

# Hostile notes: each is passed over with a word, and replaced.
cp sound stamps
damaged() { # name
    check "$1: right digests" test "$(file-digest --no-header --stamps stamps one two 2>err | cut -f1)" = "$right_one"$'\n'"$right_two"
    check "$1: one warning" test "$(grep -c 'stamps: cannot be read or is damaged' err)" = 1 -a "$(wc -l <err)" = 1 || show err
    check "$1: sound again" test "$(file-digest --no-header --stamps stamps one two 2>&1 | cut -f1)" = "$right_one"$'\n'"$right_two"
    cp sound stamps
}
sed "2s/^./x/" -i stamps && damaged "no digit"
sed "2s/^[0-9a-f]*/$wrong/" -i stamps && damaged "a digest put in by hand"
sed -i '$d' stamps && damaged "the last line missing"
truncate -s -30 stamps && damaged "cut short"
: >stamps && damaged "empty"
head -c 100000 /dev/zero >stamps && damaged "zeros"
head -c 100000 /dev/urandom >stamps && damaged "noise"
cat sound sound >stamps && damaged "twice in one file"
{ sed '$d' stamps; sed -n 2p stamps; } >lines && close_stamps lines && damaged "a line out of its order"
sed -e '$d' -e '2s/\t/ /' stamps >lines && close_stamps lines && damaged "other blanks"
sed -e '$d' -e '2s/\t\([0-9]*\)/\t+\1/' stamps >lines && close_stamps lines && damaged "a sign"
sed -e '$d' -e '2s/\t\([0-9]*\)/\t99999999999999999999\1/' stamps >lines && close_stamps lines && damaged "a number beyond all"
sed 's/^sha256/sha999/' stamps >lines && close_stamps lines && damaged "another kind of file"
for bit in 3 70 81 95 130 200; do
    python3 - "$bit" <<'PY' && damaged "a bit of byte $bit turned"
import sys
data = bytearray(open("stamps", "rb").read())
data[int(sys.argv[1])] ^= 4
open("stamps", "wb").write(data)
PY
done

if [ "$(id -u)" != 0 ]; then
    chmod 0 stamps && damaged "not readable"
fi
cp stamps before
fails "a missing file beside notes" 1 nowhere file-digest --stamps stamps 'length 56' nowhere
check "notes are left as they were by a failure" cmp -s stamps before
check "no temporary file is left" test -z "$(find . -name '.stamps.*' -o -name '.table.*')"

# --- a file that changes while it is read ---

head -c 200000000 /dev/zero >large
zeros=$(sha256sum large | cut -c1-64)
meddle() { # what is done to the file, again and again, while it is digested
    file-digest --no-header large >out 2>err &
    local reader=$!
    while kill -0 "$reader" 2>/dev/null; do
        "$1"
        sleep "$2"
    done
    wait "$reader"
}
link_once() {
    [ -e linked ] || ln large linked
}
write_to_it() {
    printf x | dd of=large conv=notrunc bs=1 seek=$((RANDOM * 1000)) status=none
}
meddle link_once 0.01
check "a link to it that is made meanwhile does no harm" test $? = 0 -a "$(cut -f1 out)" = "$zeros" || show err
meddle write_to_it 0.005
check "what is written meanwhile is refused" test $? = 65
check "by the file's name" grep -q "large: changes while it is read" err || show err
rm -f large linked
