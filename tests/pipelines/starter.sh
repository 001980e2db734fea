#!/usr/bin/env bash
# make starter, at a size of seconds and with a ball for a head: the model, what it says of itself, and that a second time and
# another thread count give the same bytes. What it fetches is in .ci/long.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
command -v python3 >/dev/null || { echo "ok - the model in the box # skip needs python3" && exit 0; }
cat >"$config" <<'CONFIG'
CHANNELS=4,8
LOSS=dice+bce
LOSS_SMOOTH=1e-5
WEIGHT_AVERAGE=0.9
DRAWN_STEPS=4
DRAWN_HEADS=2
DRAWN_EARLY=8:1
DRAWN_LATE=7:1
CONFIG
cat >"$TMPDIR/end" <<'CONFIG'
SPACING=7x7x7
LEARNING_RATE=5e-4
DRAWN_STEPS=2
DRAWN_EARLY=7:1
DRAWN_LATE=7:1
CONFIG
printf 'DRAWN_STEPS=2\nDROP_MODALITY=0.5\n' >"$TMPDIR/lacking"

# A copy of the pipelines whose anatomy is a ball of white matter in grey, of 53 mm.
cp -r pipelines "$TMPDIR/pipelines"
cat >"$TMPDIR/pipelines/anatomy" <<'FAKE'
#!/usr/bin/env python3
import gzip, os, struct, sys
folder, n = sys.argv[2], 124
os.makedirs(folder, exist_ok=True)
header = bytearray(352)
struct.pack_into("<i", header, 0, 348)
struct.pack_into("<8h", header, 40, 3, n, n, n, 1, 1, 1, 1)
struct.pack_into("<2h", header, 70, 2, 8)
struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
struct.pack_into("<f", header, 108, 352)
struct.pack_into("<2h", header, 252, 0, 1)
struct.pack_into("<12f", header, 280, 1, 0, 0, -n / 2, 0, 1, 0, -n / 2, 0, 0, 1, -n / 2)
header[344:348] = b"n+1\0"
square = [(i - n // 2) ** 2 for i in range(n)]
for name, least, most in ("gm", 49 ** 2, 53 ** 2), ("wm", 0, 49 ** 2):
    rows = {s: bytes(255 * (least <= s + x < most) for x in square) for s in {a + b for a in square for b in square}}
    voxels = b"".join(rows[z + y] for z in square for y in square)
    with open(f"{folder}/{name}.nii.gz", "wb") as file:
        file.write(gzip.compress(bytes(header) + voxels, 1, mtime=0))
FAKE

starter() { # home, model, environment and options...
    env "${@:3}" BUILD="$(realpath "$BUILD")" "$TMPDIR/pipelines/starter" --home "$1" --output "$2" --any "${2%.safetensors}-any.safetensors" \
        --config "$config" --end "$TMPDIR/end" --ends 2 --lacking "$TMPDIR/lacking" >"$1.out" 2>&1
}
model=$TMPDIR/model.safetensors any=$TMPDIR/model-any.safetensors
printf '%s\t%s\t%s\t%s\t%s\n' missing cases dice_et dice_wt dice_tc - 9 .7 .8 .6 t1,t2 9 .3 .4 .5 >"${any%.safetensors}.tsv"

# --- what is said before the training ---
mkdir "$TMPDIR/folder"
check "a folder in a model's place" test "$(starter "$TMPDIR/none" "$TMPDIR/folder" X=1; echo $?)" = 2
check "is named" grep -q "folder: is a folder" "$TMPDIR/none.out" || show "$TMPDIR/none.out"
check "a model below a file" test "$(starter "$TMPDIR/none" "$config/model.safetensors" X=1; echo $?)" = 1
check "is named, too" grep -q "$config" "$TMPDIR/none.out" || show "$TMPDIR/none.out"
mv "${any%.safetensors}.tsv" "$TMPDIR/table"
printf 'missing\tcases\nt1\t9\n' >"${any%.safetensors}.tsv"
check "a table of scores that lacks columns" test "$(starter "$TMPDIR/none" "$model" X=1; echo $?)" != 0
check "and what it lacks" grep -q "model-any.tsv.*dice" "$TMPDIR/none.out" || show "$TMPDIR/none.out"
check "and nothing was begun" test ! -e "$TMPDIR/none"
mv "$TMPDIR/table" "${any%.safetensors}.tsv"

check "from nothing to a model" starter "$TMPDIR/one" "$model" PRUNET_THREADS=1 || show "$TMPDIR/one.out"
check "its digest is said" grep -q "model.safetensors: $(sha256sum "$model" | cut -c1-64)" "$TMPDIR/one.out" || show "$TMPDIR/one.out"
prunet-model show "$model" >"$TMPDIR/shown"
for key in licence intended_use training notice; do
    check "it says its $key" grep -q "^\(prunet\.\)\?$key	..." "$TMPDIR/shown" || show "$TMPDIR/shown"
done
check "it says that it is not a medical device" grep -q "^prunet.intended_use.*not a medical device" "$TMPDIR/shown"
check "and the spacing of its end" grep -q "^prunet.spacing	7x7x7$" "$TMPDIR/shown" || show "$TMPDIR/shown"
check "heads of all parts are counted" grep -q "^training	8 drawn heads" "$TMPDIR/shown" || show "$TMPDIR/shown"
check "the end begins with the average of the first part" sh -c \
    "prunet-model export -q -o '$TMPDIR/average' '$TMPDIR/one/parts/0002/state.safetensors' && cmp '$TMPDIR/average' '$TMPDIR/one/first.safetensors'"
first=$(sha256sum "$TMPDIR/one/first.safetensors" | cut -c1-64)
check "so does another end" grep -q "^from	$first$" "$TMPDIR/one/end/2/recipe.tsv" || show "$TMPDIR/one/end/2/recipe.tsv"
for end in 1 2; do
    prunet-model export -q --half -o "$TMPDIR/end$end" "$TMPDIR/one/end/$end/parts/0001/state.safetensors"
done
prunet-model export -q --half --threshold ET=0.7 -o "$TMPDIR/mean" "$TMPDIR"/one/end/[12]/parts/0001/state.safetensors
check "the model has the mean of their weights" cmp <(behind_header "$TMPDIR/mean") <(behind_header "$model")
check "they are two" test "$(cmp -s <(behind_header "$TMPDIR/end1") <(behind_header "$TMPDIR/end2"); echo $?)" = 1
prunet-model show "$any" >"$TMPDIR/any.shown"
check "the one for cases that lack a modality has seen more" grep -q "^training	10 drawn heads" "$TMPDIR/any.shown" || show "$TMPDIR/any.shown"
check "and says what it scored without some" grep -qx "without.t1.t2	Dice ET .3 WT .4 TC .5, with all .7 .8 .6, on 9 real cases" "$TMPDIR/any.shown" ||
    show "$TMPDIR/any.shown"
check "other weights" test "$(cmp -s "$model" "$any"; echo $?)" = 1
check "it has no optimizer" test -z "$(grep -a -o 'optimizer' "$model")"
cp "${any%.safetensors}.tsv" "$TMPDIR/two-any.tsv"
check "another thread count, elsewhere" starter "$TMPDIR/two" "$TMPDIR/two.safetensors" PRUNET_THREADS=2 || show "$TMPDIR/two.out"
check "the same bytes" cmp "$model" "$TMPDIR/two.safetensors"
check "of both" cmp "$any" "$TMPDIR/two-any.safetensors"
check "again, into a folder that is not there" starter "$TMPDIR/two" "$TMPDIR/new/folder/two.safetensors" PRUNET_THREADS=2 || show "$TMPDIR/two.out"
check "it is written without training" cmp "$model" "$TMPDIR/new/folder/two.safetensors"
check "none of its parts again" test "$(grep -c '^part ' "$TMPDIR/two.out")" = 0 || show "$TMPDIR/two.out"

make_tiny 1 || exit 1
check "it segments" prunet-segment -q -m "$model" -o "$TMPDIR/segmented" "$data"
