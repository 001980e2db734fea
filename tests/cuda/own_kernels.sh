#!/usr/bin/env bash
# Our own tensor-core kernels, and the choice of them, without a GPU: on_cpu.sh says how.
exec bash "$(dirname "$0")/on_cpu.sh" own_choice own_kernels
