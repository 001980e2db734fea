#!/usr/bin/env bash
# Every compiler gives the same bytes: the CPU backends, compiled by the other releases of gcc and clang that are installed,
# train a narrow and a wide network to the same states, in every instruction set of this machine.
. tests/tools/_network.sh

# The compiler of the build, from the file that notes its flags: "0.1.0 ccache gcc -std=gnu11 ...".
compiler=$(sed 's/^[^ ]* //; s/ -.*//; q' "$BUILD/flags")
if grep -qE -e '-fsanitize|nvcc| -O0 ' "$BUILD/flags"; then
    echo "ok - compilers # skip only for an ordinary build"
    exit 0
fi

# The libraries of the build, from there, too.
read -ra libraries < <(grep -oE -e ' -l[a-z]+' "$BUILD/flags" | tr '\n' ' ')

version() { # compiler...
    "$@" --version 2>/dev/null | head -n 1 | grep -oE '(clang|[0-9]+\.[0-9]+).*'
}

# One name for each release other than the build's.
others() {
    local name release seen
    # shellcheck disable=SC2086 # perhaps "ccache gcc"
    seen=$(version $compiler)
    for name in $(compgen -c | grep -xE '(gcc|clang)(-[0-9]+)?' | sort -u); do
        release=$(version "$name")
        case $'\n'$seen$'\n' in *$'\n'"$release"$'\n'*) continue ;; esac
        seen+=$'\n'$release
        echo "$name"
    done
}

sets=(portable)
grep -q -m 1 ' avx2 .* fma \| fma .* avx2 ' /proc/cpuinfo && sets+=(avx2)
grep -q -m 1 ' avx512f ' /proc/cpuinfo && sets+=(avx512)

# A step of both networks in every instruction set, into the folder.
train() { # prunet-step's path, folder
    local network set
    mkdir "$2"
    for network in narrow wide; do
        for set in "${sets[@]}"; do
            PRUNET_CPU=$set "$1" --threads 2 --learning-rate 1e-3 --state "$work/$network" -o "$2/$network.$set" -- \
                "$work"/[01].nrrd >/dev/null || return
        done
    done
}

make_cases 2 || exit 1
prunet-init --seed 3 --channels 8,16,24 -o "$work/narrow"
prunet-init --seed 3 --channels 24,48,72 -o "$work/wide"
check "prunet-step by $compiler trains" train "$BUILD/bin/prunet-step" "$work/here" || exit 1

mapfile -t compilers < <(others)
[ ${#compilers[@]} != 0 ] || echo "ok - another compiler gives the same bytes # skip there is no second one, gcc or clang"
for cc in "${compilers[@]}"; do
    objects=()
    for set in "${sets[@]}"; do
        objects+=("$work/$cc/obj/kernels/cpu/"{planar,winograd}"/all.$set.o")
    done
    if ! make -s CC="$cc" BUILD="$work/$cc" "${objects[@]}" >"$work/$cc.log" 2>&1; then
        check "$cc compiles the CPU backends" false
        sed 's/^/# /' "$work/$cc.log"
        continue
    fi
    # These objects come first, so that the archive's are not taken.
    if ! "$cc" -fopenmp "$BUILD/obj/tools/prunet-step.o" "${objects[@]}" "$BUILD/libprunet.a" "${libraries[@]}" \
        -o "$work/$cc/prunet-step" >"$work/$cc.log" 2>&1; then
        echo "ok - $cc gives the same bytes # skip needs its OpenMP: $(head -n 1 "$work/$cc.log")"
        continue
    fi
    check "prunet-step by $cc trains" train "$work/$cc/prunet-step" "$work/there" || continue
    for state in "$work"/here/*; do
        check "$cc, ${state##*/}: the same bytes" cmp "$state" "$work/there/${state##*/}"
    done
    rm -r "$work/there"
done
