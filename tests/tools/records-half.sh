#!/usr/bin/env bash
# standardize --half and --zstd: smaller records, which every tool reads; digests hold; a build without zstd says so.
# shellcheck source=tests/tools/_network.sh
. tests/tools/_network.sh
make_cases 2 || exit 1
make_state "$work/state" || exit 1
cd "$work" || exit 1
nii2raw --dir "$(echo raw/*1)" | crop --size 32x32x16 >cropped.nrrd

forms=(half)
if standardize --zstd cropped.nrrd >zstd.nrrd 2>err; then
    forms+=(zstd half-zstd)
else
    check "without the library --zstd fails" test $? = 1
    check "and says so" grep -q "built without that library" err || show err
    echo "ok - compressed records # skip built without zstd"
fi
# Without how it lay in the file, and without seconds.
comparable() {
    case $command in
    rawinfo) sed 's/half+zstd\|float+zstd\|half/float/; s/uint8+zstd/uint8/' ;;
    prunet-step*) cut -f 1-7 ;;
    *) cat ;;
    esac
}

voxels=$((32 * 32 * 16))
check "as floats: 17 bytes a voxel" test "$(stat -c %s 0.nrrd)" = $((2 * 4096 + 17 * voxels))
for form in "${forms[@]}"; do
    options=(--"${form/-zstd/}")
    [ "$form" != half-zstd ] || options+=(--zstd)
    check "$form" standardize "${options[@]}" cropped.nrrd -o "$form.nrrd"
    standardize "${options[@]}" cropped.nrrd >again.nrrd
    check "$form: the same bytes again, on a pipe" cmp "$form.nrrd" again.nrrd
    # what it holds, as floats: a filter that changes nothing writes them
    resample --to-source "$form.nrrd" >"$form.floats"
    check "$form: a filter writes floats" test "$(rawinfo --no-header "$form.floats" | cut -f 3 | paste -s -d ' ')" = "float uint8"
    for command in rawinfo 'prunet-infer -m state' 'augment --seed 1 --epoch 2' 'crop --size 30x30x14' standardize \
        'prunet-step --state state -o next' 'raw2nii --role image'; do
        # shellcheck disable=SC2086 # words of a command
        $command "$form.nrrd" 2>err | comparable >one
        # shellcheck disable=SC2086
        $command - <"$form.floats" 2>err | comparable >two
        check "$form: ${command%% *} reads it as it does its floats" test -s one -a "$(cksum <one)" = "$(cksum <two)"
    done
    sha256sum "$form.nrrd" | sed "s/^\([^ ]*\) .*/$form\ttraining\t\1/" >digests
    check "$form: its digest holds" prunet-infer -m state --digests digests "$form.nrrd" -o one
    cp "$form.nrrd" "changed.nrrd" && printf x | dd of=changed.nrrd bs=1 seek=5000 conv=notrunc status=none
    sed "s/^$form/changed/" digests >changed.digests
    fails "$form: a byte that has changed" 65 "changed" prunet-infer -m state --digests changed.digests changed.nrrd -o never
    check "$form: a stream with others" test "$(cat "$form.nrrd" 1.nrrd "$form.nrrd" | rawinfo --no-header | wc -l)" = 6
    head -c $(($(stat -c %s "$form.nrrd") - 9)) "$form.nrrd" >cut.nrrd
    fails "$form: cut" 65 "the input ends inside the data" prunet-infer -m state cut.nrrd --pass-label -o never
done
check "nothing is left of what fails" test ! -e never
check "half: 9 bytes a voxel" test "$(stat -c %s half.nrrd)" = $((2 * 4096 + 9 * voxels))
check "rawinfo says how it lies there" test "$(rawinfo --no-header half.nrrd | cut -f 3 | paste -s -d ' ')" = "half uint8"
check "older programs refuse it by its version" grep -qa '^prunet.version:=2$' half.nrrd
check "its label record is as ever" cmp -s <(tail -c $((4096 + voxels)) half.nrrd) <(tail -c $((4096 + voxels)) 0.nrrd)
rm -f next
if [ "${#forms[@]}" = 3 ]; then
    resample --to-source zstd.nrrd >zstd.floats
    check "zstd loses nothing" cmp zstd.floats 0.nrrd
    resample --to-source half-zstd.nrrd >one
    check "nor of 16 bits" cmp one half.floats
    check "and is smaller" test "$(stat -c %s half-zstd.nrrd)" -lt $((($(stat -c %s half.nrrd)) / 2))
fi

# The bound, on every voxel, by numpy.
if "$PRUNET_TEST_PYTHON" -c 'import numpy' 2>/dev/null; then
    check "each voxel is within half a step of its float, 0 is 0 and nothing else" "$PRUNET_TEST_PYTHON" - <<'END'
import numpy as np


def image(path):
    data = open(path, "rb").read()
    end = data.index(b"\n\n") + 2
    return data[:end].decode(), np.frombuffer(data[end : end + 4 * 4 * 32 * 32 * 16], "<f4").reshape(4, -1).astype(float)


exact, got = image("0.nrrd")[1], image("half.floats")[1]
head = open("half.nrrd", "rb").read(4096).decode()
scale = np.array([float(n) for n in head.split("prunet.scale:=")[1].split("\n")[0].split()])[:, None]
assert np.allclose(scale, np.abs(exact).max(1, keepdims=True) / 32767, rtol=1e-6)
assert np.all(np.abs(got - exact) <= np.where(np.abs(exact) < scale / 2, 1, 0.5) * scale + 1e-6)
assert np.array_equal(got == 0, exact == 0) and np.abs(got - exact).max() > 0
raw = open("half.nrrd", "rb").read()[4096 : 4096 + 4 * 2 * 32 * 32 * 16]
assert np.array_equal((np.frombuffer(raw, "<i2").reshape(4, -1) * scale.astype("f4")).astype("f4"), got.astype("f4"))
END
fi
if command -v unu >/dev/null; then
    check "unu reads the integers and keeps the scales" sh -c "unu head half.nrrd | grep -q 'prunet.scale:='"
fi
