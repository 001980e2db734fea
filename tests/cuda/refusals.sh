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
check "a driver too old" refused 1 "the NVIDIA driver is too old for this build" "update the driver" "CUDA 12.4"
train small --device 1
check "a device that is not there" refused 1 "there is no device 1, device 0 is here" "CUDA_VISIBLE_DEVICES"
train small --device 9 SHIM_DEVICES=4
check "and which there are" refused 1 "there is no device 9, devices 0 to 3 are here"
train small PRUNET_DEVICE=2 SHIM_DEVICES=2
check "PRUNET_DEVICE is heard" refused 1 "there is no device 2, devices 0 and 1 are here"
train small PRUNET_DEVICE=2 --device 1 SHIM_DEVICES=2
check "--device wins, and the second device trains" test "$code" = 0 -a -s "$TMPDIR/new"
for device in -1 x 1x 99999; do
    train small --device=$device
    check "--device $device is no device" refused 2 "--device: '$device' is not the number of a GPU"
done
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
for version in 8907:8.9.7 90000:9.0.0 90701:9.7.1; do
    train small "SHIM_CUDNN=${version%:*}"
    check "cuDNN ${version#*:} is too old" refused 1 "cuDNN ${version#*:} is too old" "install 9.16 or later"
done
train small SHIM_CUDNN=91600
check "cuDNN 9.16 is accepted" test "$code" = 0
train small PRUNET_CUDA_KERNELS=yes
check "a choice of own kernels that is not valid" refused 2 'PRUNET_CUDA_KERNELS is "yes"' "forward, data and weights" \
    "make gpu-bench"

# A test that finds nothing to test has failed.
SHIM_DEVICES=0 "$BUILD/shim/operations" cuda >"$TMPDIR/out" 2>"$TMPDIR/err"
check "a test of the operations without a device fails" test $? = 1 -a "$(cat "$TMPDIR/out")" = "not ok - no check was made"

# The sanitizer is told of every kernel of ours, and of nothing else.
mkdir "$TMPDIR/path"
# shellcheck disable=SC2016 # the program's own $
printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$TMPDIR/path/compute-sanitizer"
chmod +x "$TMPDIR/path/compute-sanitizer"
PATH=$TMPDIR/path:$PATH bash -c '. tests/cuda/_sanitizer.sh && sanitize memcheck program operand' >"$TMPDIR/out"
kernels=$(sed -n 's/^kernel_substring=//p' "$TMPDIR/out")
missing=$(nm "$BUILD"/obj/shim/kernels/cuda/*.cu.o | sed -n 's/.* [TtWw] _Z[A-Z0-9]*[0-9]\([a-z][a-z0-9_]*_kernel\).*/\1/p' | sort -u |
    grep -vxF "$kernels")
check "the sanitizer instruments every kernel of ours: ${missing:-none is missing}" test -n "$kernels" -a -z "$missing" -a \
    "$(tail -n 2 "$TMPDIR/out")" = $'program\noperand'

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
read -r free total < <(sed 's/.* \([0-9]*\) of \([0-9]*\) MiB free.*/\1 \2/' "$TMPDIR/err")
check "some of the free memory is left to the libraries: $advised of $total MiB, $free free" \
    test "${advised%M}" -le $((total - free / 32))
train record --memory "$advised" "SHIM_MEMORY=$bytes" SHIM_NO_ENGINES=1
check "the budget that was advised fits, the step begins" refused 1 branch_forward convolution_plan_make

network 4,8

# --- a step that cannot be recorded is done without ---

# Several records, of which the second step is recorded and the third replayed; the bytes of the new state.
step_thrice() { # settings...
    rm -f "$TMPDIR/new"
    env "$@" "$step" --backend cuda-fp32 --state "$TMPDIR/state" -o "$TMPDIR/new" "$TMPDIR/small.nrrd" "$TMPDIR/small.nrrd" \
        "$TMPDIR/small.nrrd" >"$TMPDIR/out" 2>"$TMPDIR/err" && cksum <"$TMPDIR/new"
}
recorded=$(step_thrice SHIM_DEVICES=1)
check "three steps, the last two by a recording" test -n "$recorded" -a ! -s "$TMPDIR/err"
for failing in cudaStreamBeginCapture:1 cudaStreamEndCapture:1 cudaGraphInstantiate:2; do
    alone=$(step_thrice "SHIM_FAIL=$failing")
    check "where ${failing%:*} fails: the same bytes, and one warning" test "$alone" = "$recorded" -a \
        "$(grep -c 'warning: .*could not be recorded .*PRUNET_CUDA_GRAPH=0' "$TMPDIR/err")" = 1 || show "$TMPDIR/err"
done
alone=$(step_thrice PRUNET_CUDA_GRAPH=0 SHIM_FAIL=cudaGraphLaunch:1)
check "PRUNET_CUDA_GRAPH=0: no recording, the same bytes" test "$alone" = "$recorded" -a ! -s "$TMPDIR/err"
alone=$(step_thrice SHIM_FAIL=cudaGraphLaunch:1)
check "and without it there is one" test -z "$alone"
train small PRUNET_CUDA_GRAPH=no
check "PRUNET_CUDA_GRAPH is 0 or 1" refused 1 'PRUNET_CUDA_GRAPH is "no"' "set it to 0"

# --- what fails while it runs: the file, the case, the operation, the call, the cause ---

named() { # what, where, parts...
    check "$1" refused 1 "$TMPDIR/small.nrrd: phantom_00001: cuda-fp32: cuda: $2: " "${@:3}"
}

train small SHIM_NO_ENGINES=1
named "no plan for a convolution" branch_forward convolution_plan_make
train small SHIM_FAIL=cublasGemmEx:1
named "a failing product" down_forward cublasGemmEx
train small SHIM_FAIL=cudaLaunchKernel:700
named "a failing kernel" image_conv_forward "image_conv_forward_kernel: an illegal memory access was encountered" \
    cudaErrorIllegalAddress
train small SHIM_WRONG_CONVOLUTIONS=1
named "a cuDNN that computes wrong although its version is good" branch_forward cuDNN "came out wrong" "install another"

# --- libraries that are not there, and where they are found ---

libraries=$BUILD/shim/lib
train small "SHIM_CUDA_HOME=$TMPDIR"
check "no cuDNN: what to install" refused 1 "cuDNN is not on this machine (libcudnn-shim.so.9)" \
    "python3 -m pip install 'nvidia-cudnn-cu13>=9.16' 'nvidia-cublas==13.*'" "--backend cpu"
mkdir -p "$TMPDIR/half/lib" "$TMPDIR/broken/lib64"
cp "$libraries"/libcudnn* "$TMPDIR/half/lib"
train small "SHIM_CUDA_HOME=$TMPDIR/half"
check "no cuBLAS: what to install" refused 1 "cuBLAS is not on this machine (libcublas-shim.so.13)" "pip install"
cp "$TMPDIR/half/lib"/* "$TMPDIR/broken/lib64"
echo "no library" >"$TMPDIR/broken/lib64/libcublas-shim.so.13"
train small "SHIM_CUDA_HOME=$TMPDIR/broken"
check "a library that is broken: what the loader says" refused 1 "cuBLAS is not on this machine" "file too short"

# NVIDIA's layout, conda's and those of Python's wheels: of one folder for all and of one for each library.
found() { # name, folder for cuDNN, folder for cuBLAS, settings...
    local name=$1 home=$TMPDIR/$RANDOM
    mkdir -p "$home/$2" "$home/$3"
    cp "$libraries"/libcudnn* "$home/$2"
    cp "$libraries"/libcublas* "$home/$3"
    shift 3
    # A setting names the layout's folder as @.
    train small "SHIM_CUDA_HOME=$TMPDIR" "${@//@/$home}"
    check "libraries $name are found" test "$code" = 0 -a -s "$TMPDIR/new" || show "$TMPDIR/err"
    rm -r "$home"
}
wheels=lib/python3.11/site-packages/nvidia
found "in lib64 of CUDA_HOME" lib64 lib64 SHIM_CUDA_HOME=@
found "in targets of CUDA_PATH" targets/x86_64-linux/lib targets/x86_64-linux/lib CUDA_PATH=@
found "of conda" lib targets/x86_64-linux/lib CONDA_PREFIX=@
found "of wheels in an environment" "$wheels/cudnn/lib" "$wheels/cu13/lib" VIRTUAL_ENV=@
found "of wheels in conda" "$wheels/cudnn/lib" "$wheels/cublas/lib" CONDA_PREFIX=@
found "of the user's wheels" ".local/$wheels/cudnn/lib" ".local/$wheels/cublas/lib" HOME=@
found "in LD_LIBRARY_PATH" a b LD_LIBRARY_PATH=@/a:@/b
mkdir "$TMPDIR/bin"
ln -s /bin/true "$TMPDIR/bin/python3"
mkdir -p "$TMPDIR/$wheels/cudnn/lib"
cp "$libraries"/lib* "$TMPDIR/$wheels/cudnn/lib"
train small "SHIM_CUDA_HOME=/nowhere" "PATH=$TMPDIR/bin:$PATH"
check "libraries of the wheels of python3 on PATH are found" test "$code" = 0

# python3 by a link into its environment, and as a script beside none.
environment=$TMPDIR/environment
mkdir -p "$environment/bin" "$environment/$wheels/cudnn/lib" "$TMPDIR/away/links" "$TMPDIR/away/shims"
cp "$libraries"/lib* "$environment/$wheels/cudnn/lib"
cp /bin/true "$environment/bin/python3.11"
ln -s "$environment/bin/python3.11" "$TMPDIR/away/links/python3"
train small "SHIM_CUDA_HOME=/nowhere" "PATH=$TMPDIR/away/links:$PATH"
check "and of the one that python3 on PATH is a link to" test "$code" = 0 || show "$TMPDIR/err"
printf '#!/bin/sh\necho %s\n' "$environment/$wheels" >"$TMPDIR/away/shims/python3"
chmod +x "$TMPDIR/away/shims/python3"
train small "SHIM_CUDA_HOME=/nowhere" "PATH=$TMPDIR/away/shims:$PATH"
check "and of a python3 that is a script, which is asked" test "$code" = 0 || show "$TMPDIR/err"

# cuDNN as it comes: libcudnn.so.9 opens libcudnn_graph.so.9 by its name and asks that one; without it, it ends the process.
# The stand-in asks for the version this way and has all else from the shim's.
make_cudnn() { # folder, version, or nothing: without libcudnn_graph; more of libcudnn
    mkdir -p "$1"
    cp "$libraries/libcudnn-shim.so.9" "$1/libcudnn-rest.so"
    ${CC:-gcc} -shared -fPIC -x c - -x none -Wl,--no-as-needed "$1/libcudnn-rest.so" -Wl,-soname,libcudnn-shim.so.9 -Wl,-rpath,"\$ORIGIN" -ldl \
        -o "$1/libcudnn-shim.so.9" <<TEXT
${3:-}
#include <dlfcn.h>
#include <stdlib.h>
unsigned long cudnnGetVersion(void)
{
    void *graph = dlopen("libcudnn_graph.so.9", RTLD_NOW);
    unsigned long (*version)(void) = graph ? (unsigned long (*)(void))dlsym(graph, "version") : NULL;
    return version ? version() : (abort(), 0);
}
TEXT
    [ -z "${2:-}" ] || ${CC:-gcc} -shared -fPIC -x c - -Wl,-soname,libcudnn_graph.so.9 -o "$1/libcudnn_graph.so.9" \
        <<<"unsigned long version(void) { return $2; }"
}
make_cudnn "$TMPDIR/former/lib" 91002
make_cudnn "$TMPDIR/present/lib" 91900
make_cudnn "$TMPDIR/torn/lib"
cp "$libraries"/libcublas* "$TMPDIR/present/lib"
train small "SHIM_CUDA_HOME=$TMPDIR/present"
check "a cuDNN in parts is found" test "$code" = 0 || show "$TMPDIR/err"
train small "SHIM_CUDA_HOME=$TMPDIR/former" "CUDA_PATH=$TMPDIR/present"
check "a cuDNN that is too old, seen first, does not spoil a good one" test "$code" = 0 || show "$TMPDIR/err"
train small "SHIM_CUDA_HOME=/nowhere" "LD_LIBRARY_PATH=$TMPDIR/former/lib" "CUDA_PATH=/nowhere" "CONDA_PREFIX=$TMPDIR/present"
check "nor in LD_LIBRARY_PATH, which its parts would be taken from" test "$code" = 0 || show "$TMPDIR/err"
train small "SHIM_CUDA_HOME=$TMPDIR/torn" "CUDA_PATH=$TMPDIR/present"
check "nor does one that is half installed" test "$code" = 0 || show "$TMPDIR/err"
train small "SHIM_CUDA_HOME=$TMPDIR/former"
check "a cuDNN that is too old, alone" refused 1 "cuDNN 9.10.2 computes wrong 3-D convolutions"
train small "SHIM_CUDA_HOME=$TMPDIR/torn"
check "one that is half installed, alone" refused 1 "cuDNN is not on this machine" "may be half installed" "pip install"

make_cudnn "$TMPDIR/twelve/lib" 91900 "unsigned long cudnnGetCudartVersion(void) { return 12080; }"
train small "SHIM_CUDA_HOME=$TMPDIR/twelve"
check "a cuDNN for another CUDA" refused 1 "this cuDNN is for CUDA 12, this build for CUDA 13" "nvidia-cudnn-cu13>=9.16"

# What a build with CUDA says of the machine.
doctor() { # what, settings of the shim..., --, the row's beginning
    local name=$1 settings=()
    shift
    while [ "$1" != -- ]; do settings+=("$1") && shift; done
    env "${settings[@]}" "$BUILD/shim/prunet-doctor" >"$TMPDIR/out" 2>"$TMPDIR/err"
    check "prunet-doctor, $name" grep -q "^GPU	$2" "$TMPDIR/out" || show "$TMPDIR/out"
}
doctor "all there" PRUNET_CUDA_KERNELS=0 -- "cuda: NDHWC, operands rounded to TF32, 4.0 GiB free"
doctor "the card and the libraries" PRUNET_CUDA_KERNELS=0 -- \
    ".*; fibers on a CPU, compute capability 9.0, .*multiprocessors, cuDNN 9.19.0 (.*/libcudnn-shim.so.9), cuBLAS 13.0.0 (/"
check "prunet-doctor has no advice on a card whose TF32 is fast" test "$(grep -c '^GPU advice' "$TMPDIR/out")" = 0
check "and nothing to do for it" test "$(grep -c '^to do for the GPU' "$TMPDIR/out")" = 0
doctor "a card whose TF32 is not" SHIM_CAPABILITY=8 -- "cuda: NDHWC"
check "prunet-doctor advises another backend there" grep -q "^GPU advice	.*cuda-bf16" "$TMPDIR/out"
train small --backend cuda SHIM_CAPABILITY=8
check "and so does a training" grep -q "warning: .*cuda-bf16" "$TMPDIR/err"
train small --backend cuda --quiet SHIM_CAPABILITY=8
check "but not a quiet one" test "$code" = 0 -a ! -s "$TMPDIR/err"
doctor "the device that is asked for" SHIM_DEVICES=2 PRUNET_DEVICE=5 -- "cannot be used: there is no device 5"
doctor "no device" SHIM_DEVICES=0 -- "cannot be used: no CUDA device"
check "what there is to do for the GPU is not nothing" grep -q '^to do for the GPU	' "$TMPDIR/out"
rm -r "${TMPDIR:?}/lib"
doctor "no cuDNN" "SHIM_CUDA_HOME=$TMPDIR" -- "cannot be used: cuDNN is not on this machine .*pip install"
