#!/usr/bin/env bash
# What the CUDA toolkit says of kernels/cuda, without a GPU: every file compiles without a warning, no kernel spills registers but
# those named below, and cuDNN has a plan for every convolution of the paper's networks. For sm_80 and sm_90; with
# PRUNET_TEST_LONG=1 for every architecture that a build has machine code for, which takes twice as long.
set -u
found=$(kernels/cuda/toolkit 2>"$TMPDIR/missing")
nvcc=$(printf '%s\n' "$found" | tr ' ' '\n' | sed -n 's/^NVCC=//p')
architectures=$(printf '%s\n' "$found" | tr ' ' '\n' | sed -n 's/^ARCHITECTURES=//p')
[ "${PRUNET_TEST_LONG-}" = 1 ] || architectures=80,90
targets=()
for number in ${architectures//,/ }; do targets+=(-gencode "arch=compute_$number,code=sm_$number"); done
includes=()
while IFS= read -r folder; do includes+=(-isystem "$folder"); done < <(printf '%s\n' "$found" | tr ' ' '\n' | sed -n 's/^INCLUDE=//p')
cudart=$(printf '%s\n' "$found" | tr ' ' '\n' | sed -n 's/^CUDART=//p')
# Of 65536 a multiprocessor: at least one block of 384 threads, with room for the next. branch_fused has blocks of 128,
# and its launch bounds say that two of them share a multiprocessor.
registers_max=168 registers_max_branch_fused=255
# Kernels that may spill, and so many bytes stored and loaded at most: nvcc 13.0 fits them into their registers on sm_80 and sm_90.
# More registers would cost up_fused its second block a multiprocessor, and there are none for 384 threads.
spills_allowed="branch_fused_weights_kernel sm_100 12 8
branch_fused_weights_kernel sm_120 12 8
up_fused_forward_kernel sm_100 24 24"
status=0

compile() { # file
    local name log=$TMPDIR/log limit=$registers_max
    name=$(basename "$1")
    [ "$name" != branch_fused.cu ] || limit=$registers_max_branch_fused
    if ! "$nvcc" -std=c++17 -O3 -Werror all-warnings "${targets[@]}" -Xptxas -v \
        "${includes[@]}" -I. -c "$1" -o "$TMPDIR/$name.o" >"$log" 2>&1; then
        sed 's/^/# /' "$log"
        echo "not ok - $name compiles without a warning"
        return 1
    fi
    awk -v name="$name" -v limit="$limit" -v allowed="$spills_allowed" '
        BEGIN { n = split(allowed, words)
                for (i = 1; i < n; i += 4) { stored[words[i], words[i + 1]] = words[i + 2]; loaded[words[i], words[i + 1]] = words[i + 3] } }
        /Compiling entry function/ { architecture = $NF; gsub(/\047/, "", architecture)
                                     match($0, /[a-z0-9_]+_kernel/); kernel = substr($0, RSTART, RLENGTH)
                                     sub(/^[0-9]+/, "", kernel) }
        / spill / { bytes = $5 + $9
                    if (bytes && $5 <= stored[kernel, architecture] && $9 <= loaded[kernel, architecture]) few++
                    else if (bytes) spills++ }
        /Used [0-9]+ registers/ { match($0, /Used [0-9]+/); n = substr($0, RSTART + 5, RLENGTH - 5) + 0
                                  kernels++; if (n > worst) worst = n }
        END { bad = spills || worst > limit
              printf "%s - %s: %d kernels, at most %d registers, %d spill%s\n", bad ? "not ok" : "ok",
                     name, kernels, worst, spills, few ? ", " few " a little, as allowed" : ""
              exit bad }' "$log"
}

if [ -n "$found" ]; then
    for file in kernels/cuda/*.cu; do
        compile "$file" || status=1
    done
else
    echo "ok - kernels/cuda by nvcc # skip no toolkit"
fi

if [ -n "$found" ]; then
    ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -I. "${includes[@]}" kernels/cuda/convolution_plan.c kernels/cuda/chosen_plans.c \
        kernels/cuda/libraries.c kernels/cuda/find_library.c kernels/cuda/trial.c kernels/cuda/cudnn_version.c tests/cuda/toolkit/plans.c "$cudart" -lstdc++ -ldl -lrt \
        -lpthread -lm -o "$TMPDIR/plans" || status=1
    "$TMPDIR/plans" tests/cuda/toolkit/h100.json TF32 bf16 || status=1
    for card in a100 rtx3060; do
        "$TMPDIR/plans" "tests/cuda/toolkit/$card.json" bf16 || status=1
    done
else
    echo "ok - plans of cuDNN # skip no toolkit"
fi
exit $status
