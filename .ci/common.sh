# What .ci/run and .ci/long share: the packages that they need on a bare Debian 12, and stages with their seconds.
# Sourced.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# Installs Debian packages with apt-get, as root or through sudo.
install_packages() { # packages...
    local as_root=()
    [ $# != 0 ] || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -q -y --no-install-recommends "$@"
}

# The cross compiler, the emulator, and Debian's arm64 packages of what is linked.
prepare_arm64() {
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null &&
        [ -e /usr/lib/aarch64-linux-gnu/libz.so ] && [ -e /usr/lib/aarch64-linux-gnu/libgomp.so.1 ] && return
    "${as_root[@]}" dpkg --add-architecture arm64
    install_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user zlib1g-dev:arm64 libgomp1:arm64
}

# Makes a virtual environment once, with what pip can install.
make_venv() { # folder packages...
    if ! [ -e "$1/complete" ]; then
        rm -rf "$1"
        python3 -m venv "$1"
        "$1/bin/pip" install -q "${@:2}"
        touch "$1/complete"
    fi
}

# The interoperability tests have here what they need, so a skip for want of it is a failure (PRUNET_TEST_STRICT=1).
prepare() {
    local command package missing=()
    while read -r command package; do
        command -v "$command" >/dev/null || missing+=("$package")
    done <<'LIST'
gcc gcc
g++ g++
make make
pkg-config pkg-config
clang-format clang-format
cppcheck cppcheck
shellcheck shellcheck
teem-unu teem-apps
git git
mandoc mandoc
zsh zsh
fish fish
munged munge
slurmctld slurmctld
slurmd slurmd
srun slurm-client
mpirun openmpi-bin
mpicc libopenmpi-dev
LIST
    [ -f /usr/include/zlib.h ] || missing+=(zlib1g-dev)
    [ -f /usr/include/zstd.h ] || missing+=(libzstd-dev)
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
    install_packages "${missing[@]}"
    make_venv build/venv numpy scipy nibabel safetensors
    export PRUNET_TEST_STRICT=1 PRUNET_TEST_PYTHON=$PWD/build/venv/bin/python
    if [ -z "${PRUNET_TEST_DATA-}" ] && [ -d ../shared/data ]; then
        PRUNET_TEST_DATA=$(realpath ../shared/data)
        export PRUNET_TEST_DATA
    fi
}

stage_times=()

# Runs a stage; its seconds go into the closing table.
stage() { # name command...
    local start=$SECONDS
    printf '\n== %s\n' "$1"
    "${@:2}"
    stage_times+=("$(printf '%-24s %6d s' "$1" $((SECONDS - start)))")
    printf '== %s: %d s\n' "$1" $((SECONDS - start)) # at once, too, for a run that is cut short
}

print_stage_times() {
    printf '\n== seconds of each stage\n'
    printf '%s\n' "${stage_times[@]}"
    printf '%-24s %6d s\n' "all" "$SECONDS"
}
