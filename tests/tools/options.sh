#!/usr/bin/env bash
# What the command lines of all tools share: the common options and their wording, older names, and PRUNET_ variables.
. tests/tools/_network.sh
root=$PWD
mkdir "$work/help" && cd "$work/help" || exit 1

tools=("$BUILD"/bin/*)
tools=("${tools[@]##*/}")
for tool in "${tools[@]}"; do
    "$BUILD/bin/$tool" --help >"$tool" 2>message </dev/null
    check "$tool --help succeeds" test $? = 0 -a ! -s message
    check "$tool --help has an example of it" test "$(sed -n '/^Example:$/,/^$/p' "./$tool" | grep -cw -e "$tool")" != 0
    PRUNET_TEST_DATA=x "$tool" --version >/dev/null
    check "$tool --version works where PRUNET_ variables of tests are set" test $? = 0
done

# Common options: one line in all tools, in one order. What -o names is no FILE where the output is a folder or a state; prunet-check has its JSON in a file.
common=(output expect digests seed backend device threads max-bytes json tsv no-header quiet verbose help version)
for option in "${common[@]}"; do
    grep -hE -e "^ +(-[a-z], )?--$option( [A-Z]+)? +" "${tools[@]}" | grep -vE -e '--output (DIR|STATE) ' -e '--json FILE ' | sort -u >lines
    check "--$option has one line in all tools: $(head -n 1 lines)" test "$(wc -l <lines)" = 1
done
for tool in "${tools[@]}"; do
    sed -n '/^Common options:/,/^$/s/.*--\([a-z-]*\).*/\1/p' "$tool" >order
    check "$tool: the common options in their order" test "$(cat order)" = "$(printf '%s\n' "${common[@]}" | grep -x -f order)"
done
check "what is not common is not called so" test -z "$(grep -l '^ .*--output \(DIR\|STATE\)' "${tools[@]}" | grep -v -x -e phantom -e prunet-init -e prunet-step)"

# Older names: not among the options, one line, the same meaning.
for tool in nii2raw dice-eval hd95 brats-eval prunet-infer; do
    check "$tool --help names --labels in one line" test "$(grep -c -e '--labels' "$tool")" = 1
done
make_cases 1 && make_state "$work/state"
prunet-infer -m "$work/state" --labels "$work/0.nrrd" >older && prunet-infer -m "$work/state" --label-map "$work/0.nrrd" >newer
check "prunet-infer --labels is --label-map" cmp -s older newer
nii2raw --labels 2018 --dir "$work"/raw/*1 >older && nii2raw --scheme 2018 --dir "$work"/raw/*1 >newer && [ -s newer ]
check "nii2raw --labels YEAR is --scheme YEAR" test $? = 0 -a "$(cksum <older)" = "$(cksum <newer)"
fails "and refuses the same" 65 "label 4" nii2raw --labels 2023 --dir "$work"/raw/*1
seg=$(echo "$work"/raw/*1/*_seg.nii.gz)
for tool in dice-eval hd95 brats-eval; do
    "$tool" --labels 2023 "$seg" "$seg" >older && "$tool" --scheme 2023 "$seg" "$seg" >newer && [ -s newer ]
    check "$tool --labels YEAR is --scheme YEAR" test $? = 0 -a "$(cat older)" = "$(cat newer)"
done
check "a beginning of an option and its older name" test "$(prunet-infer -m "$work/state" --label-m "$work/0.nrrd" | cksum)" = \
    "$(prunet-infer -m "$work/state" --label "$work/0.nrrd" | cksum)"
fails "an older name is named as it was given" 2 "'--labels'" dice-eval --labels

# One default of the seed.
check "order-cases draws with seed 0" test "$(seq 9 | order-cases --epoch 1)" = "$(seq 9 | order-cases --epoch 1 --seed 0)"
check "phantom draws with seed 0" test "$(phantom --size 16x16x16 -o a >/dev/null && cat a/*/* | cksum)" = \
    "$(phantom --size 16x16x16 --seed 0 -o b >/dev/null && cat b/*/* | cksum)"

# More threads than a system has room for.
for tool in "nii2raw --dir $(echo "$work"/raw/*1)" "prunet-infer -m $work/state $work/0.nrrd" "dice-eval $seg $seg"; do
    # shellcheck disable=SC2086 # several words
    $tool >usual && OMP_NUM_THREADS=100000 $tool >bounded 2>message
    check "$tool with 100000 threads: the result of the cores'" test $? = 0 -a "$(cksum <usual)" = "$(cksum <bounded)"
    check "and one line of warning" test "$(grep -c "OMP_NUM_THREADS: 100000 is not within" message)" = 1 -a "$(wc -l <message)" = 1
done
check "a number that can be is no news" test -z "$(OMP_NUM_THREADS=7 rawinfo "$work/0.nrrd" 2>&1 >out)"

# PRUNET_ variables.
for tool in "${tools[@]}"; do
    PRUNET_THREAD=2 "$tool" >out 2>message </dev/null
    check "$tool refuses a PRUNET_ variable that nobody reads" test $? = 2 -a ! -s out -a "$(wc -l <message)" = 1 -a \
        "$(grep -c "^$tool: PRUNET_THREAD: .*; did you mean PRUNET_THREADS?$" message)" = 1
done
while read -r wrong near; do
    fails "$wrong is like $near" 2 "$near" env "$wrong=1" rawinfo
done <<'END'
PRUNET_BACKENDS PRUNET_BACKEND
PRUNET_CUDA_KERNEL PRUNET_CUDA_KERNELS
PRUNET_TEST_DATAS PRUNET_TEST_DATA
PRUNET_ PRUNET_CPU
PRUNET_A_NAME_THAT_IS_LONGER_THAN_ALL_NAMES_THAT_ANY_PROGRAM_EVER_READS_FROM_ITS_ENVIRONMENT PRUNET_
END
fails "an unknown variable without a value" 2 PRUNET_NOTHING env PRUNET_NOTHING= rawinfo
PRUNET_THREADS= PRUNET_BACKEND= PRUNET_CUDA_LEVEL0=1 PRUNET_CUDA_KERNELS=1 NOT_PRUNET_X=1 rawinfo "$work/0.nrrd" >out
check "known variables, older names and those of others are left alone" test $? = 0 -a -s out

# Whoever reads a variable lists it, so that the tools do not refuse it. Include guards and macros are no variables.
cd "$root" || exit 1
grep -rhoE '(getenv|environment_value)\("PRUNET_[A-Z0-9_]+' --include='*.c' --include='*.cu' --include='*.cpp' lib kernels tools tests |
    grep -oE 'PRUNET_[A-Z0-9_]+' >"$work/read"
grep -rhoE '\bPRUNET_[A-Z0-9_]+' --include='*.sh' --include='*.py' --include='*.mk' --exclude=options.sh pipelines tests >>"$work/read"
find pipelines tests -type f ! -name '*.*' -exec grep -hoE '\bPRUNET_[A-Z0-9_]+' {} + >>"$work/read"
sort -u "$work/read" | while read -r name; do
    env "$name=1" PRUNET_THREADS=1 rawinfo "$work/0.nrrd" >/dev/null 2>&1 || echo "$name"
done >"$work/unknown"
check "every variable that the tree reads is known: $(tr '\n' ' ' <"$work/unknown")" test -s "$work/read" -a ! -s "$work/unknown"
