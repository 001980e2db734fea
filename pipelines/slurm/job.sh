# What the batch scripts share. Sourced, after `pipelines` is set to the folder of the stages.
# shellcheck shell=bash disable=SC2154,SC2034
# shellcheck source=pipelines/common.sh
. "$pipelines/common.sh"
# shellcheck source=pipelines/tasks.sh
. "$pipelines/tasks.sh"
program=$SLURM_JOB_NAME

# A stage is a step of the job: preemption, the time limit and scancel send SIGTERM to steps. srun has not inherited -c of
# sbatch since Slurm 22.05.
step=(srun --ntasks=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}")

# Threads of the tools, where the site does not bind a task to its cores.
export PRUNET_THREADS=${PRUNET_THREADS:-${SLURM_CPUS_PER_TASK:-1}}

# Ends the script unless these are set.
need_variables() { # names...
    local name
    for name in "$@"; do
        [ -n "${!name-}" ] || die 2 "$name is not set: sbatch --export=ALL takes it from the environment"
    done
}

# Runs a stage and keeps the worst of all statuses in `status`: a stop in good order before what a stage has refused.
status=0
run_stage() { # script, its options...
    local now=0
    "${step[@]}" "$pipelines/$1" "${@:2}" || now=$?
    case $now in
    0) ;;
    75 | 143) status=75 ;;
    *) [ "$status" = 75 ] || status=$now ;;
    esac
    return "$now"
}

# Sets `shard` to the options of a shard: task K of an array of N does every N-th case.
choose_shard() {
    local count=${SHARDS:-${SLURM_ARRAY_TASK_COUNT:-1}}
    shard=()
    [ "$count" != 1 ] || return 0
    [ -n "${SHARDS-}" ] || { [ "$SLURM_ARRAY_TASK_MIN" = 1 ] && [ "$SLURM_ARRAY_TASK_MAX" = "$count" ]; } ||
        die 2 "the array is not 1 to $count: --array=1-N, or SHARDS=N in the environment where only some of N are wanted"
    shard=(--shard "$SLURM_ARRAY_TASK_ID/$count")
}

# The end of a task. What was stopped in order is put back into the queue and goes on there.
end_task() {
    if [ "$status" = 75 ]; then
        if [ "${SLURM_RESTART_COUNT:-0}" -lt 200 ]; then
            scontrol requeue "$SLURM_JOB_ID"
        else
            say "stopped for the 200th time: not put back into the queue"
        fi
    fi
    exit "$status"
}
