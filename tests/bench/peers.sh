# Finds or installs what the project is compared with: the newest PyTorch, Debian's PyTorch with RevTorch, oneDNN. What
# cannot be had is left out, with a line in the table. Sourced by `bench`.
#
#     PRUNET_BENCH_TORCH      a python with torch, numpy, safetensors; "none" leaves it out; else a venv is made
#     PRUNET_BENCH_TORCH_OLD  the same with revtorch, which PYTHONPATH may hold; else Debian's python3-torch
# shellcheck shell=bash disable=SC2034  # the scripts share their variables

find_peers() {
    local tools=$BUILD/bench
    NEW=() OLD=()
    if [ "${PRUNET_BENCH_TORCH:-}" != none ]; then
        new_torch "${PRUNET_BENCH_TORCH:-$tools/venv/bin/python}" || left_out torch-new "no newest PyTorch: $reason"
    fi
    if [ "${PRUNET_BENCH_TORCH_OLD:-}" != none ]; then
        old_torch "$tools/revtorch" || left_out torch-old "no PyTorch 1.13 with RevTorch: $reason"
    fi
    reason=
}

# Environment variables that may have been set for the old PyTorch are not passed on to the newest.
new_torch() { # python
    if [ ! -x "$1" ]; then
        [ -z "${PRUNET_BENCH_TORCH:-}" ] || { reason="$1 is no program" && return 1; }
        say "making $BUILD/bench/venv with the newest torch"
        debian_package python3-venv
        python3 -m venv "$BUILD/bench/venv" && "$BUILD/bench/venv/bin/pip" install -q torch numpy safetensors ||
            { reason="pip could not install it" && rm -rf "$BUILD/bench/venv" && return 1; }
    fi
    NEW=(env -u PYTHONPATH -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$1")
    NEW_VERSION=$("${NEW[@]}" -c "import numpy, safetensors, torch; print(torch.__version__)" 2>"$SCRATCH/errors") ||
        { NEW=() reason=$(tail -n 1 "$SCRATCH/errors") && return 1; }
}

old_torch() { # folder
    local python=${PRUNET_BENCH_TORCH_OLD:-/usr/bin/python3}
    OLD=("$python")
    if [ -z "${PRUNET_BENCH_TORCH_OLD:-}" ]; then
        debian_package python3-torch
        debian_package python3-pip
        [ -d "$1" ] || "$python" -m pip install -q --no-deps --target "$1" revtorch safetensors || rm -rf "$1"
        OLD=(env "PYTHONPATH=$1" "$python")
    fi
    OLD_VERSION=$("${OLD[@]}" -c "import numpy, revtorch, safetensors, torch; print(torch.__version__)" 2>"$SCRATCH/errors") ||
        { OLD=() reason=$(tail -n 1 "$SCRATCH/errors") && return 1; }
}

# Installs a package where that needs no password. Whoever needs the package reports it missing.
debian_package() {
    dpkg -s "$1" >/dev/null 2>&1 && return
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 0
    say "installing $1 with apt-get"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1"; } >&2 || true
}
