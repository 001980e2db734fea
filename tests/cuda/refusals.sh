#!/usr/bin/env bash
# prunet-step with the CUDA backend on a machine where something is wrong (tests/cuda/shim): exit status 1 and one line
# that names what failed and says what to do; no other backend steps in, nothing is written.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
step=$BUILD/shim/prunet-step
if ! [ -x "$step" ]; then
    echo "ok - refusals # skip no g++ for x86-64"
    exit 0
fi

phantom --seed 1 --cases 1 --size 32x48x32 -o "$TMPDIR/cases" >/dev/null 2>&1
nii2raw --dir "$TMPDIR/cases/phantom_00001" | crop --size 32x48x32 | standardize >"$TMPDIR/record.nrrd"
nii2raw --dir "$TMPDIR/cases/phantom_00001" | crop --size 16x16x16 | standardize >"$TMPDIR/small.nrrd"

network() { # channels, options of prunet-init
    prunet-init --seed 1 --channels "$1" --groups 2 "${@:2}" -o "$TMPDIR/state"
}

network 4,8

# Runs a step on a record; $code is its exit status.
train() { # record, options and VARIABLE=value settings
    local record=$1 setting settings=() options=()
    shift
    for setting in "$@"; do
        case $setting in [A-Z]*=*) settings+=("$setting") ;; *) options+=("$setting") ;; esac
    done
    rm -f "$TMPDIR/new"
    env "${settings[@]}" "$step" --backend cuda-fp32 "${options[@]}" --state "$TMPDIR/state" -o "$TMPDIR/new" \
        "$TMPDIR/$record.nrrd" >"$TMPDIR/out" 2>"$TMPDIR/err"
    code=$?
}

refused() { # exit status, parts of the line...
    local part
    [ "$code" = "$1" ] && [ "$(wc -l <"$TMPDIR/err")" = 1 ] && ! [ -e "$TMPDIR/new" ] || { show "$TMPDIR/err" && return 1; }
    shift
    for part in "$@"; do
        grep -qF -- "$part" "$TMPDIR/err" || { show "$TMPDIR/err" && return 1; }
    done
}

train small SHIM_CUDNN=91900
check "a sound machine trains" test "$code" = 0 -a -s "$TMPDIR/new"

# --- what is found before anything runs ---

train small SHIM_FAIL=cudaGetDeviceCount:100
check "no device" refused 1 "cuda-fp32: no CUDA device (no CUDA-capable device is detected)" nvidia-smi \
    CUDA_VISIBLE_DEVICES "--backend cpu"
train small SHIM_FAIL=cudaGetDeviceCount:35 SHIM_DRIVER=0
check "no driver" refused 1 "no CUDA device (no driver)" "--backend cpu"
train small SHIM_FAIL=cudaGetDeviceCount:35
check "a driver too old" refused 1 "the NVIDIA driver is too old for this build" "update the driver"
train small SHIM_FAIL=cudaSetDevice:1
check "a device that another process holds" refused 1 "cannot be used" "another process may hold it"
train small SHIM_CAPABILITY=7
check "a card too old" refused 1 "is too old" "compute capability 8.0" "--backend cpu"
train small SHIM_FAIL=cudaStreamCreateWithFlags:2
check "a device without memory for a stream" refused 1 "gives no stream (out of memory)" "may be out of memory"
train small SHIM_MEMORY=100
check "a device without any memory" refused 1 "has no memory left" nvidia-smi "--backend cpu"
train small SHIM_FAIL=cublasCreate:1
check "a cuBLAS that does not start" refused 1 "cuBLAS does not start" "out of memory"
for version in 90800:9.8.0 91002:9.10.2 91599:9.15.99; do
    train small "SHIM_CUDNN=${version%:*}"
    check "cuDNN ${version#*:}, which computes wrong" refused 1 \
        "cuDNN ${version#*:} computes wrong 3-D convolutions" "install 9.16 or later" "--backend cpu"
done
train small SHIM_CUDNN=8907
check "a cuDNN too old" refused 1 "cuDNN 8.9.7 is too old" "install 9.16 or later"
for version in 90701 91600; do
    train small "SHIM_CUDNN=$version"
    check "cuDNN $version is accepted" test "$code" = 0
done
train small PRUNET_CUDA_KERNELS=yes
check "a choice of own kernels that is not valid" refused 2 'PRUNET_CUDA_KERNELS is "yes"' "forward, data and weights" \
    "make gpu-bench"

# --- memory ---

# The budget or the size that is advised must be one that fits.
train record SHIM_MEMORY=10000
check "too little memory for the parameters" refused 1 "MiB of parameters: too little device memory: 1 MiB wanted" \
    "0 of 0 MiB free" nvidia-smi
train record SHIM_MEMORY=16000000
check "too little memory for a volume" refused 1 "record.nrrd: phantom_00001: " "MiB wanted, 15 of 15 MiB free" \
    "volumes of " "would fit (crop --size)"
size=$(grep -o 'volumes of [0-9x]*' "$TMPDIR/err")
nii2raw --dir "$TMPDIR/cases/phantom_00001" | crop --size "${size##* }" | standardize >"$TMPDIR/fitting.nrrd"
train fitting SHIM_MEMORY=16000000
check "the size that was advised fits" test "$code" = 0
train record SHIM_MEMORY=200000
check "so little that no size would do" refused 1 "no size would fit"
network 32,32 --encoder-blocks 3 --decoder-blocks 2
train record --memory 1G SHIM_MEMORY=4000000
wanted=$(sed 's/.*memory: \([0-9]*\) MiB wanted.*/\1/' "$TMPDIR/err")
bytes=$(((wanted - 1) * 1048576))
train record --memory 1G "SHIM_MEMORY=$bytes"
check "too little memory for what should be kept" refused 1 "; --memory " "M would fit"
advised=$(sed 's/.*; --memory \([0-9]*M\) would fit/\1/' "$TMPDIR/err")
train record --memory "$advised" "SHIM_MEMORY=$bytes" SHIM_FAIL=convolution_plan_make:1
check "the budget that was advised fits, the step begins" refused 1 branch_forward convolution_plan_make

network 4,8

# --- what fails while it runs: the file, the case, the operation, the call, the cause ---

named() { # what, where, parts...
    check "$1" refused 1 "$TMPDIR/small.nrrd: phantom_00001: cuda-fp32: cuda: $2: " "${@:3}"
}

train small SHIM_FAIL=convolution_plan_make:1
named "no plan for a convolution" branch_forward convolution_plan_make
train small SHIM_FAIL=cublasGemmEx:1
named "a failing product" down_forward cublasGemmEx
train small SHIM_FAIL=cudaLaunchKernel:700
named "a failing kernel" image_conv_forward "image_conv_forward_kernel: an illegal memory access was encountered" \
    cudaErrorIllegalAddress
train small SHIM_WRONG_CONVOLUTIONS=1
named "a cuDNN that computes wrong although its version is good" branch_forward cuDNN "came out wrong" "install another"
