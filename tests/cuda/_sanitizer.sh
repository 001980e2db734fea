# compute-sanitizer on our own kernels, for gpu-test and gpu-check. Sourced.
# shellcheck shell=bash

# Instruments only what is launched from kernels/cuda, where NAME_kernel is what runs on the device: the libraries'
# kernels are many, slow to instrument and not ours. Of several filters one has to fit. For initcheck nothing is poisoned,
# or all memory would count as written to.
sanitize() { # tool program operand...
    local tool=$1 name filters=()
    local -x PRUNET_TEST_UNTOUCHED=${PRUNET_TEST_UNTOUCHED-}
    shift
    [ "$tool" != initcheck ] || PRUNET_TEST_UNTOUCHED=1
    while read -r name; do
        filters+=(--kernel-name "kernel_substring=$name")
    done < <(grep -hoE '\b[a-z0-9_]+_kernel\b' kernels/cuda/*.cu | sort -u)
    [ ${#filters[@]} != 0 ] && compute-sanitizer --tool "$tool" --error-exitcode 1 "${filters[@]}" "$@"
}
