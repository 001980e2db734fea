#!/usr/bin/env bash
# shellcheck disable=SC2016 # the dollars are awk's
# Training: the same bytes for any number of threads, after an interruption too; whatever is wrong with the input
# leaves no state.
. tests/tools/_network.sh
make_cases 3 || exit 1
make_state "$work/start" || exit 1
records=("$work"/[0-2].nrrd)

step() { # new, more options; records from stdin
    local new=$1
    shift
    prunet-step --state "$work/start" -o "$new" "$@"
}

# --- a complete epoch ---

cat "${records[@]}" | step "$work/one" --threads 1 --epoch 1 --expect "$work/names" >"$work/one.tsv"
check "an epoch" test -s "$work/one"
check "its number and steps are noted" test "$(metadata "$work/one" prunet.epoch) $(metadata "$work/one" prunet.step)" = "1 3"
cat "${records[@]}" | step "$work/used" --threads 1 --usage "$work/usage" >/dev/null
check "--usage leaves the state as it is" cmp -s "$work/one" "$work/used"
planned=$(prunet-plan --size 32x32x16 --channels 4,8,12,16,20 --groups 2 |
    awk -F'\t' '$1 == "training" && $2 == "total" && $3 == "allocated" { print $4 }')
check "and notes the plan's bytes" test "$(sed -n 2p "$work/usage" | cut -f1)" = "$planned"
check "and the process's, which has more" test "$(sed -n 2p "$work/usage" | cut -f2)" -ge "$planned"
check "no cases are noted between epochs" test -z "$(metadata "$work/one" prunet.cases_done)"
check "a header line" test "$(head -n 1 "$work/one.tsv")" = \
    "$(printf 'epoch\tstep\tcase\tloss\tdice_wt\tdice_tc\tdice_et\tseconds\twaiting')"
check "a row a case" test "$(tail -n +2 "$work/one.tsv" | cut -f 1-3)" = \
    "$(awk -v OFS='\t' '{ print 1, NR, $1 }' "$work/names")"
for threads in 2 3 7; do
    step "$work/threads" --threads $threads -- "${records[@]}" >"$work/threads.tsv"
    check "the same bytes with $threads threads" cmp -s "$work/one" "$work/threads"
    check "and the same losses" cmp -s <(cut -f 1-7 "$work/one.tsv") <(cut -f 1-7 "$work/threads.tsv")
done
step "$work/reference" --backend reference --threads 2 -- "${records[0]}" >"$work/reference.tsv"
check "the reference comes to the same loss within 1e-5" awk -F '\t' '
    NR == FNR { loss[FNR] = $4; next } FNR > 1 { d = loss[FNR] - $4; if (d > 1e-5 || d < -1e-5) exit 1 }' \
    "$work/one.tsv" "$work/reference.tsv"
cp "$work/start" "$work/place"
prunet-step --state "$work/place" -- "${records[@]}" >"$work/place.tsv"
check "in place" cmp -s "$work/one" "$work/place"
prunet-step --state "$work/place" --epoch 2 --learning-rate 1e-3 -- "${records[@]}" >"$work/two.tsv"
check "a second epoch in place" test "$(metadata "$work/place" prunet.epoch)" = 2
check "it learns" awk -F '\t' 'FNR > 1 { sum[FILENAME] += $4 } END { exit !(sum[ARGV[2]] < sum[ARGV[1]]) }' \
    "$work/one.tsv" "$work/two.tsv"
step "$work/fifth" --loss-divisor 5 -- "${records[0]}" >"$work/fifth.tsv"
check "--loss-divisor divides the loss" awk -F '\t' \
    'NR == FNR { whole[FNR] = $4; next } FNR == 2 { d = whole[2] / 5 - $4; exit !(d < 1e-6 && d > -1e-6) }' \
    "$work/one.tsv" "$work/fifth.tsv"

# --- the loss ---

loss() { # of the first step of a table
    awk -F '\t' 'FNR == 2 { print $4 }' "$work/$1.tsv"
}
near() { # number expected
    awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(a != "" && d < 1e-5 && d > -1e-5) }'
}
step "$work/dice" --loss dice -- "${records[@]}" >"$work/dice.tsv"
check "--loss dice is the default" cmp -s "$work/one" "$work/dice"
step "$work/both" --loss dice+bce --threads 1 -- "${records[@]}" >"$work/both.tsv"
step "$work/bce" --loss dice+bce --loss-dice-weight 0 -- "${records[0]}" >"$work/bce.tsv"
step "$work/weighted" --loss dice+bce --loss-dice-weight 0.5 --loss-bce-weight 3 --loss-divisor 2 -- "${records[0]}" \
    >"$work/weighted.tsv"
check "cross-entropy is there" awk -v bce="$(loss bce)" 'BEGIN { exit !(bce > 0.1) }'
check "dice+bce is the sum" near "$(loss both)" "$(awk -v a="$(loss one)" -v b="$(loss bce)" 'BEGIN { print a + b }')"
check "by its weights" near "$(loss weighted)" \
    "$(awk -v a="$(loss one)" -v b="$(loss bce)" 'BEGIN { print (a / 2 + 3 * b) / 2 }')"
check "it trains otherwise" test "$(cmp "$work/one" "$work/both" 2>&1)"
step "$work/both3" --loss dice+bce --threads 3 -- "${records[@]}" >"$work/both3.tsv"
check "dice+bce: the same bytes with 3 threads" cmp -s "$work/both" "$work/both3"
step "$work/weightless" --loss dice+bce --loss-bce-weight 0 -- "${records[@]}" >"$work/weightless.tsv"
check "cross-entropy without weight changes no byte" cmp -s "$work/one" "$work/weightless"
step "$work/bothref" --backend reference --threads 2 --loss dice+bce -- "${records[0]}" >"$work/bothref.tsv"
check "the reference comes to the same dice+bce" near "$(loss bothref)" "$(loss both)"
step "$work/smooth" --loss-smooth 1e6 -- "${records[0]}" >"$work/smooth.tsv"
check "next to a large --loss-smooth every answer is right" awk -v loss="$(loss smooth)" 'BEGIN { exit !(loss > 0 && loss < 0.1) }'
step "$work/rough" --loss-smooth 1e-5 -- "${records[0]}" >"$work/rough.tsv"
check "without it the loss is larger" awk -v a="$(loss rough)" -v b="$(loss one)" 'BEGIN { exit !(a > b) }'
fails "no --loss-smooth at all" 2 "--loss-smooth" step "$work/never" --loss-smooth 0 -- "${records[0]}"
fails "a loss that is none" 2 "'l2' is neither dice nor dice+bce" step "$work/never" --loss l2 -- "${records[0]}"
fails "a negative weight" 2 "--loss-bce-weight" step "$work/never" --loss-bce-weight -1 -- "${records[0]}"

make_state "$work/base" --kind baseline --groups 4
prunet-step --state "$work/base" -- "${records[0]}" >"$work/base.tsv"
check "the baseline" test "$(metadata "$work/base" prunet.step)" = 1

# --- the memory budget ---

check "the default recomputes, and notes it" test "$(metadata "$work/one" prunet.memory)" = recompute
step "$work/kept" --memory 1G --verbose -- "${records[@]}" >"$work/kept.tsv" 2>"$work/kept.err"
check "--memory keeps, and notes it" test "$(metadata "$work/kept" prunet.memory)" = "keep 10"
check "-v shows it" grep -q "MiB (keep 10)" "$work/kept.err"
check "the same losses within 1e-5" awk -F '\t' '
    NR == FNR { loss[FNR] = $4; next } FNR > 1 { d = loss[FNR] - $4; if (d > 1e-5 || d < -1e-5) exit 1 }' \
    "$work/one.tsv" "$work/kept.tsv"
step "$work/least" --memory min -- "${records[@]}" >"$work/least.tsv"
check "--memory min" test "$(metadata "$work/least" prunet.memory)" = min
check "going on with the same choice is no news" test -z "$(prunet-step --state "$work/kept" --memory 1G \
    -o "$work/again" -- "${records[0]}" 2>&1 >"$work/again.tsv")"
prunet-step --state "$work/kept" -o "$work/again" -- "${records[@]:0:2}" >"$work/again.tsv" 2>"$work/again.err"
check "going on with another warns, once" test "$(grep -c "trained with memory 'keep 10', now it is 'recompute'" \
    "$work/again.err")" = 1

# --- the backend ---

check "the backend is noted" test "$(metadata "$work/reference" prunet.backend)" = "reference: plain loops, double sums"
prunet-step --state "$work/reference" -o "$work/again" -- "${records[@]:0:2}" >"$work/again.tsv" 2>"$work/again.err"
check "going on with another warns, once" test "$(grep -c "trained with backend 'reference: .*, now it is 'cpu: " \
    "$work/again.err")" = 1

# --- the average of the weights, and beginning anew ---

numbers() { # state, number of its vectors, how many of them, behind the header
    local header=$(($(head -c 8 "$1" | od -An -t u8) + 8)) size
    size=$((($(stat -c %s "$1") - header) * $3 / $2))
    tail -c +$((header + 1)) "$1" | head -c $size
}
step "$work/averaged" --weight-average 0.9 --threads 1 -- "${records[@]}" >"$work/averaged.tsv"
check "--weight-average: weights and Adam's means are those without" \
    cmp -s <(numbers "$work/one" 3 3) <(numbers "$work/averaged" 4 3)
check "and the same losses" cmp -s <(cut -f 1-7 "$work/one.tsv") <(cut -f 1-7 "$work/averaged.tsv")
check "the decay is noted" test "$(metadata "$work/averaged" prunet.average_decay)" = 0.9
step "$work/averaged3" --weight-average 0.9 --threads 3 -- "${records[@]}" >"$work/averaged3.tsv"
check "the same bytes with 3 threads" cmp -s "$work/averaged" "$work/averaged3"
prunet-step --state "$work/averaged" -o "$work/dropped" -- "${records[0]}" 2>"$work/err" >"$work/dropped.tsv"
check "without the option the average is dropped, with a warning" \
    grep -q "its average of the weights is not gone on with" "$work/err"
check "and it is not there" test -z "$(metadata "$work/dropped" prunet.average_decay)"
prunet-step --state "$work/one" -o "$work/fresh" --fresh-optimizer --epoch 1 -- "${records[0]}" 2>"$work/err" >"$work/fresh.tsv"
check "--fresh-optimizer: said" grep -q "$work/one: training begins anew from its weights after 1 epochs: epoch 0" "$work/err"
check "--fresh-optimizer: epoch 1, step 1" test "$(metadata "$work/fresh" prunet.epoch) $(metadata "$work/fresh" prunet.step)" = "1 1"
prunet-step --state "$work/one" -o "$work/second" -- "${records[0]}" >"$work/second.tsv"
check "it begins with the state's weights" test "$(loss fresh)" = "$(loss second)"
check "and not with its means" test "$(cmp "$work/fresh" "$work/second" 2>&1)"
prunet-step --state "$work/averaged" -o "$work/fresh" --fresh-optimizer -- "${records[0]}" 2>"$work/err" >"$work/fresh.tsv"
check "of a state with an average: from that" grep -q "from its average of the weights" "$work/err"
fails "an average of decay 1" 2 "--weight-average is" step "$work/never" --weight-average 1 -- "${records[0]}"
fails "a negative decay" 2 "--weight-average is" step "$work/never" --weight-average -0.1 -- "${records[0]}"

# --- batches: a step with the mean of several cases' gradients ---

seven=("${records[@]}" "${records[@]:0:2}" "${records[1]}" "${records[2]}")
step "$work/batch1" --batch 1 -- "${records[@]}" >"$work/batch1.tsv"
check "--batch 1 is the default" cmp -s "$work/one" "$work/batch1"
check "and is not noted" test -z "$(metadata "$work/one" prunet.batch)"
step "$work/three" --batch 3 --threads 1 --weight-average 0.9 -- "${seven[@]}" >"$work/three.tsv"
check "--batch 3 of 7 cases: three steps, a row a case" test "$(tail -n +2 "$work/three.tsv" | cut -f 2 | tr '\n' ' ')" = "1 1 1 2 2 2 3 "
check "they are noted" test "$(metadata "$work/three" prunet.step) $(metadata "$work/three" prunet.batch)" = "3 3"
for threads in 2 7; do
    cat "${seven[@]}" | step "$work/threads" --batch 3 --threads $threads --weight-average 0.9 >"$work/threads.tsv"
    check "--batch 3: the same bytes with $threads threads, from a pipe" cmp -s "$work/three" "$work/threads"
    check "and the same rows" cmp -s <(cut -f 1-7 "$work/three.tsv") <(cut -f 1-7 "$work/threads.tsv")
done
step "$work/whole3" --batch 256 -- "${records[@]}" >"$work/whole3.tsv"
step "$work/turned" --batch 3 -- "${records[2]}" "${records[0]}" "${records[1]}" >"$work/turned.tsv"
check "a batch of all: one step" test "$(metadata "$work/whole3" prunet.step)" = 1
check "all its losses are those before it" test "$(loss whole3)" = "$(loss one)"
check "the order of its cases changes no number" cmp -s <(numbers "$work/whole3" 3 3) <(numbers "$work/turned" 3 3)
step "$work/used" --batch 3 --usage "$work/usage" -- "${records[@]}" >/dev/null
planned=$(prunet-plan --size 32x32x16 --channels 4,8,12,16,20 --groups 2 --batch 3 |
    awk -F'\t' '$1 == "training" && $2 == "total" && $3 == "allocated" { print $4 }')
check "prunet-plan --batch knows its memory" test "$(sed -n 2p "$work/usage" | cut -f1)" = "$planned"
fails "a batch of none" 2 "--batch" step "$work/never" --batch 0 -- "${records[0]}"
fails "a batch beyond 256" 2 "--batch is at most 256" step "$work/never" --batch 257 -- "${records[0]}"
fails "gradients that cannot be summed: the case is named" 1 "$(sed -n 1p "$work/names"): its gradient has values" \
    step "$work/never" --batch 2 --loss-divisor 1e-6 -- "${records[@]}"

# The signal comes while the last of seven cases, or the first of a batch, is on its way: of its batch nothing is kept.
stopped_inside() { # cases that are done by then, cases of whole batches
    rm -f "$work/half" "$work/pipe"
    mkfifo "$work/pipe"
    env --default-signal prunet-step --state "$work/start" -o "$work/half" --batch 3 --weight-average 0.9 --verbose \
        <"$work/pipe" >"$work/half.tsv" 2>"$work/half.err" &
    local pid=$!
    exec 3>"$work/pipe"
    cat "${seven[@]:0:$1}" >&3
    until [ "$(grep -c loss "$work/half.err")" -ge "$1" ]; do sleep 0.02; done
    kill -TERM $pid
    exec 3>&-
    wait $pid
    check "stopped after $1 cases of batches of 3: status 75" test $? = 75
    check "$2 of them are done" test "$(metadata "$work/half" prunet.cases_done)" = "${2#0}"
    check "and have a row" test "$(wc -l <"$work/half.tsv")" = $(($2 + 1))
    prunet-step --state "$work/half" -o "$work/whole" --batch 3 --weight-average 0.9 -- "${seven[@]}" >"$work/rest.tsv"
    check "resumed, the same bytes as undisturbed" cmp -s "$work/three" "$work/whole"
    check "the two tables make the undisturbed one" cmp -s <(cut -f 1-7 "$work/three.tsv") \
        <(cat "$work/half.tsv" <(tail -n +2 "$work/rest.tsv") | cut -f 1-7)
}
stopped_inside 2 0
stopped_inside 3 3
stopped_inside 5 3
fails "it does not go on in other batches" 65 "$work/half: was stopped inside an epoch in batches of 3: it goes on with --batch 3" \
    prunet-step --state "$work/half" -o "$work/never" --batch 2 -- "${seven[@]}"
fails "nor case by case" 65 "batches of 3" prunet-step --state "$work/half" -o "$work/never" -- "${seven[@]}"
prunet-step --state "$work/three" -o "$work/other" -- "${records[0]}" >"$work/other.tsv" 2>"$work/other.err"
check "between epochs it may, and then says nothing of batches" test "$(metadata "$work/other" prunet.step)$(metadata "$work/other" prunet.batch)" = 4

# --- stopped and resumed: the signal comes while the second case is on its way ---
# What a shell starts in the background ignores SIGINT and SIGQUIT; env sets them back.

stopped() { # signal, options, the undisturbed state and table
    local options=() whole=${3:-$work/one}
    [ -z "${2-}" ] || options=("$2")
    rm -f "$work/half" "$work/pipe"
    mkfifo "$work/pipe"
    env --default-signal prunet-step --state "$work/start" -o "$work/half" --expect "$work/names" "${options[@]}" <"$work/pipe" >"$work/half.tsv" 2>"$work/half.err" &
    local pid=$!
    exec 3>"$work/pipe"
    cat "${records[0]}" >&3
    until [ "$(wc -l <"$work/half.tsv")" -ge 2 ]; do sleep 0.02; done
    kill "-$1" $pid
    cat "${records[1]}" "${records[2]}" >&3 2>"$work/cat.err"
    exec 3>&-
    wait $pid
    check "$1${2+, $2}: exit status 75" test $? = 75
    check "$1${2+, $2}: the state says how far it came" test "$(metadata "$work/half" prunet.cases_done)" = 1
    prunet-step --state "$work/half" -o "$work/whole" --epoch 1 --expect "$work/names" "${options[@]}" -- "${records[@]}" >"$work/rest.tsv"
    check "$1${2+, $2}: resumed, the same bytes as undisturbed" cmp -s "$whole" "$work/whole"
    check "$1${2+, $2}: the two tables make the undisturbed one" cmp -s <(cut -f 1-7 "$whole.tsv") \
        <(cat "$work/half.tsv" <(tail -n +2 "$work/rest.tsv") | cut -f 1-7)
}
trap '' PIPE
for signal in TERM INT HUP QUIT XCPU USR1; do stopped $signal; done

# The input is silent, and stays so: before the first record, and inside the second.
silent() { # signal records bytes
    rm -f "$work/half" "$work/pipe" "$work/half.tsv"
    mkfifo "$work/pipe"
    env --default-signal prunet-step --state "$work/start" -o "$work/half" --expect "$work/names" <"$work/pipe" >"$work/half.tsv" 2>"$work/half.err" &
    local pid=$! waited=0
    exec 3>"$work/pipe"
    cat "${records[@]:0:$2}" >&3
    head -c "$3" "${records[$2]}" >&3
    until [ "$(wc -l <"$work/half.tsv")" -gt "$2" ]; do sleep 0.02; done
    sleep 0.1
    kill "-$1" $pid
    while kill -0 $pid 2>"$work/kill.err" && [ $waited -lt 250 ]; do
        sleep 0.02
        waited=$((waited + 1))
    done
    check "$1 in a silence after $2 cases and $3 bytes: heard at once" test $waited -lt 250
    exec 3>&-
    wait $pid
    check "$1 in a silence: exit status 75" test $? = 75
    prunet-step --state "$work/half" -o "$work/whole" --epoch 1 --expect "$work/names" -- "${records[@]}" >"$work/rest.tsv"
    check "$1 in a silence: resumed, the same bytes as undisturbed" cmp -s "$work/one" "$work/whole"
}
silent TERM 0 0
silent INT 0 50000
silent TERM 1 0
silent TERM 1 300000
fails "resumed with other cases" 65 "not those that the interrupted epoch began with" \
    prunet-step --state "$work/half" -o "$work/never" -- "${records[1]}" "${records[0]}"

# --- refusals; none may leave a state ---

never=(prunet-step --state "$work/start" -o "$work/never")
fails "no state given" 2 "--state" prunet-step "${records[0]}"
fails "a backend that does not exist" 2 "nonsense" "${never[@]}" --backend nonsense -- "${records[0]}"
fails "PRUNET_BACKEND is heard" 2 "nonsense" env PRUNET_BACKEND=nonsense "${never[@]}" -- "${records[0]}"
fails "PRUNET_THREADS is heard" 2 "PRUNET_THREADS" env PRUNET_THREADS=two "${never[@]}" -- "${records[0]}"
fails "memory that is no size" 2 "neither a size" "${never[@]}" --memory much -- "${records[0]}"
fails "too little memory, with how much is needed" 1 "MiB of memory are needed at least, 0 MiB are allowed" \
    "${never[@]}" --memory 100K -- "${records[0]}"
fails "no learning rate" 2 "positive" "${never[@]}" --learning-rate 0 -- "${records[0]}"
fails "a step whose result is finite, but without bound" 1 "$work/never: not written: weights reach 1e+30" \
    "${never[@]}" --learning-rate 1e30 -- "${records[0]}"
for setting in weight-decay=1e308 weight-decay=2 loss-divisor=1e-300 loss-divisor=1e300; do
    fails "--$setting" 2 "--${setting%=*}" "${never[@]}" "--$setting" -- "${records[0]}"
done
fails "the wrong epoch" 65 "epoch 3 follows 2" "${never[@]}" --epoch 3 -- "${records[0]}"
fails "a missing case" 65 "$(sed -n 3p "$work/names")" "${never[@]}" --expect "$work/names" -- "${records[@]:0:2}"
fails "cases out of order" 65 "$(sed -n 1p "$work/names")" "${never[@]}" --expect "$work/names" -- "${records[1]}"
fails "an empty stream" 65 "empty" "${never[@]}"
head -c 200000 "${records[0]}" >"$work/cut.nrrd"
fails "a stream cut in a payload" 65 "$(sed -n 1p "$work/names")" "${never[@]}" -- "$work/cut.nrrd"
nii2raw --dir "$work"/raw/*1 --no-label | crop --size 32x32x16 >"$work/alone.nrrd"
fails "an image without its label" 65 "without its label" "${never[@]}" -- "$work/alone.nrrd"
nii2raw --dir "$work"/raw/*1 | crop --size 40x32x16 >"$work/odd.nrrd"
fails "a size that cannot be halved" 65 "crop" "${never[@]}" -- "$work/odd.nrrd"
make_state "$work/seven" --inputs 7
fails "a network of other inputs" 65 "4 channels, the network takes 7" \
    prunet-step --state "$work/seven" -o "$work/never" -- "${records[0]}"
make_state "$work/five" --outputs 5
fails "a network of other outputs" 65 "5 outputs" prunet-step --state "$work/five" -o "$work/never" -- "${records[0]}"
fails "a state that is none" 65 "${records[0]}" prunet-step --state "${records[0]}" -o "$work/never" -- "${records[0]}"
altered() { # new, bytes of the first number of the first tensor, which of Adam's three vectors it is in
    cp "$work/start" "$work/$1"
    local header length
    header=$(($(head -c 8 "$work/start" | od -An -t u8) + 8))
    length=$((($(stat -c %s "$work/start") - header) / 3))
    printf "%b" "$2" | dd of="$work/$1" bs=1 seek=$((header + $3 * length)) conv=notrunc status=none
}
altered nan '\0\0\300\177' 0
fails "a weight that is not finite, with the state's name" 65 "$work/nan: firstConv.weight: 1 of its 432 values is not" \
    prunet-step --state "$work/nan" -o "$work/never" -- "${records[0]}"
altered infinite '\0\0\200\177' 2
fails "nor is one of Adam's" 65 "$work/infinite: optimizer.exp_avg_sq.firstConv.weight: 1 of its 432 values is not" \
    prunet-step --state "$work/infinite" -o "$work/never" -- "${records[0]}"
altered huge '\0\0\200\175' 0 # 2e37: a square of it overflows
fails "weights without bound: the state is named, not the image" 1 "weights that began as $work/huge reach" \
    prunet-step --state "$work/huge" -o "$work/never" -- "${records[0]}"
altered last '\377\377\177\177' 1 # the largest float as a mean gradient: the step overflows
fails "a step whose result is not finite" 1 "$work/never: not written: weights reach inf" \
    prunet-step --state "$work/last" -o "$work/never" --learning-rate 1 -- "${records[0]}"
head -c 5000 "$work/start" >"$work/short"
fails "a state cut short" 65 "$work/short" prunet-step --state "$work/short" -o "$work/never" -- "${records[0]}"
cp "${records[0]}" "$work/nan.nrrd"
printf '\377\377\377\377' | dd of="$work/nan.nrrd" bs=1 seek=8096 conv=notrunc status=none
fails "an image with a NaN" 1 "$(sed -n 1p "$work/names"): the loss is not finite" "${never[@]}" -- "$work/nan.nrrd"
rm -f "$work/pipe" && mkfifo "$work/pipe"
exec 3<>"$work/pipe" # a writer that never closes
cat "$work/nan.nrrd" >&3 &
fails "and the next case, which never comes, is not waited for" 1 "the loss is not finite" \
    timeout 15 "${never[@]}" - <"$work/pipe"
exec 3>&-
wait
fails "a folder that does not exist, before any step" 1 "nowhere" \
    prunet-step --state "$work/start" -o "$work/nowhere/new" -- "${records[0]}"
check "none of these left a state" test ! -e "$work/never"
fails "a full disk" 1 "No space left" prunet-step --state "$work/start" -o /dev/full -- "${records[0]}"
prunet-step --state "$work/start" -o "$work/never" -- "${records[0]}" >/dev/full 2>"$work/full.err"
check "a full disk under the table is a failure" test $? = 1
check "and leaves no state" test ! -e "$work/never"
