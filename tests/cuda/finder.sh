#!/usr/bin/env bash
# kernels/cuda/toolkit in made-up layouts: NVIDIA's, conda's, Python's wheels of one folder and of several, Debian's; old
# and new compilers; what it says of what is missing.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
finder=$PWD/kernels/cuda/toolkit

# A compiler of a release that knows some generations.
make_nvcc() { # folder, release, generations...
    local folder=$1 release=$2
    shift 2
    mkdir -p "$folder"
    {
        # shellcheck disable=SC2016 # the program's own $
        printf '#!/bin/sh\ncase $1 in\n--version) echo "Cuda compilation tools, release %s, V1" ;;\n' "$release"
        printf -- '--list-gpu-code) printf "sm_%%s\\n" %s ;;\nesac\n' "$*"
    } >"$folder/nvcc"
    chmod +x "$folder/nvcc"
}

make_files() { # folder, file...
    local folder=$1
    shift
    mkdir -p "$folder"
    (cd "$folder" && touch -- "$@")
}

headers=(cuda_runtime_api.h cublas_v2.h cudnn.h)

# A python3 whose nvidia folder is this one.
make_python() { # folder, nvidia
    mkdir -p "$1"
    printf '#!/bin/sh\necho %q\n' "$2" >"$1/python3"
    chmod +x "$1/python3"
}

find_in() { # settings...
    env -i PATH="$TMPDIR/python:/usr/bin:/bin" "$@" "$finder" >"$TMPDIR/found" 2>"$TMPDIR/err"
    code=$?
    tr ' ' '\n' <"$TMPDIR/found" >"$TMPDIR/words"
}

has() { # word...
    local word
    [ "$code" = 0 ] || { show "$TMPDIR/err" && return 1; }
    for word; do
        grep -qxF -- "$word" "$TMPDIR/words" || { show "$TMPDIR/words" && return 1; }
    done
}

make_python "$TMPDIR/python" "$TMPDIR/none"

h=$TMPDIR/nvidia-home
make_nvcc "$h/bin" 12.4 50 80 86 90
make_files "$h/include" "${headers[@]}"
make_files "$h/lib64" libcudart_static.a
find_in "CUDA_HOME=$h"
check "NVIDIA's layout, CUDA 12.4" has "NVCC=$h/bin/nvcc" "INCLUDE=$h/include" "CUDART=$h/lib64/libcudart_static.a" \
    ARCHITECTURES=80,90
find_in "PATH=$TMPDIR/python:$h/bin:/usr/bin:/bin"
check "the nvcc on PATH" has "NVCC=$h/bin/nvcc" "INCLUDE=$h/include"
ln -s "$h/bin/nvcc" "$TMPDIR/python/nvcc"
find_in
check "a link to it" has "INCLUDE=$h/include"
rm "$TMPDIR/python/nvcc" "$h/include/cudnn.h"
make_files "$TMPDIR/dnn/include" cudnn.h
find_in "CUDA_HOME=$h" "CUDNN_HOME=$TMPDIR/dnn"
check "cuDNN in a folder of its own" has "INCLUDE=$TMPDIR/dnn/include" "INCLUDE=$h/include"

h=$TMPDIR/conda
make_nvcc "$h/bin" 12.9 80 90 100 120
make_files "$h/targets/x86_64-linux/include" cuda_runtime_api.h cublas_v2.h
make_files "$h/include" cudnn.h
make_files "$h/targets/x86_64-linux/lib" libcudart_static.a
find_in "CONDA_PREFIX=$h" "PATH=$TMPDIR/python:$h/bin:/usr/bin:/bin"
check "conda's layout" has "NVCC=$h/bin/nvcc" "INCLUDE=$h/targets/x86_64-linux/include" "INCLUDE=$h/include" \
    "CUDART=$h/targets/x86_64-linux/lib/libcudart_static.a" ARCHITECTURES=80,90,100,120

h=$TMPDIR/wheels/nvidia
make_nvcc "$h/cu13/bin" 13.0 75 80 90 100 110 120 121
make_files "$h/cu13/include" cuda_runtime_api.h cublas_v2.h
make_files "$h/cu13/lib" libcudart_static.a
make_files "$h/cudnn/include" cudnn.h
make_python "$TMPDIR/venv/bin" "$h"
find_in "VIRTUAL_ENV=$TMPDIR/venv" "CUDA_HOME=$h/cu13"
check "wheels of CUDA 13" has "NVCC=$h/cu13/bin/nvcc" "INCLUDE=$h/cu13/include" "INCLUDE=$h/cudnn/include" \
    "CUDART=$h/cu13/lib/libcudart_static.a" ARCHITECTURES=80,90,100,120
find_in "PYTHON=$TMPDIR/venv/bin/python3" "PATH=$TMPDIR/venv/bin:$h/cu13/bin:/usr/bin:/bin"
check "and of the python3 on PATH" has "INCLUDE=$h/cudnn/include"

h=$TMPDIR/several/nvidia
make_nvcc "$h/cuda_nvcc/bin" 12.8 80 90 100 120
make_files "$h/cuda_runtime/include" cuda_runtime_api.h
make_files "$h/cuda_runtime/lib" libcudart_static.a
make_files "$h/cublas/include" cublas_v2.h
make_files "$h/cudnn/include" cudnn.h
make_python "$TMPDIR/python" "$h"
find_in "CUDA_HOME=$h/cuda_nvcc"
check "wheels of CUDA 12, a folder each" has "INCLUDE=$h/cuda_runtime/include" "INCLUDE=$h/cublas/include" \
    "INCLUDE=$h/cudnn/include" "CUDART=$h/cuda_runtime/lib/libcudart_static.a"
make_python "$TMPDIR/python" "$TMPDIR/none"

h=$TMPDIR/old
make_nvcc "$h/bin" 12.3 80 90
make_files "$h/include" "${headers[@]}"
make_files "$h/lib64" libcudart_static.a
find_in "CUDA_HOME=$h"
check "CUDA 12.3 is too old" test "$code" = 1 -a ! -s "$TMPDIR/found" -a \
    "$(grep -c 'is of CUDA 12.3: 12.4 or later is needed' "$TMPDIR/err")" = 1

h=$TMPDIR/bare
make_nvcc "$h/bin" 13.1 80
find_in "CUDA_HOME=$h" "CUDA_PATH=$h"
if [ -e /usr/local/cuda/include/cuda_runtime_api.h ] || [ -e /usr/include/cuda_runtime_api.h ]; then
    echo "ok - what is missing is named # skip a toolkit is installed"
else
    check "what is missing is named" test "$code" = 1 -a "$(grep -c 'there is no' "$TMPDIR/err")" = 4 -a \
        "$(grep -c 'python3 -m pip install' "$TMPDIR/err")" = 2
fi
