# Which of a launcher's processes this one is: `rank`, from 0 on, of `ranks`. Sourced. The order of the launchers is that of
# lib/network/launched.c.
# shellcheck shell=bash disable=SC2034
rank=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-${SLURM_PROCID:-0}}}
ranks=${OMPI_COMM_WORLD_SIZE:-${PMI_SIZE:-${SLURM_STEP_NUM_TASKS:-1}}}
