# A Slurm of one's own for a test: munged, slurmctld and slurmd, all state in one folder, no systemd, no cgroups. Sourced.
# shellcheck shell=bash

# Nothing where it can be started, else what is missing.
slurm_lacks() {
    local command
    [ "$(id -u)" = 0 ] || { echo "slurmd is started by root" && return; }
    for command in munged slurmctld slurmd srun; do
        command -v "$command" >/dev/null || { echo "needs $command" && return; }
    done
}

# A number of ports in a row that nobody listens to.
free_ports() { # how many
    local first i
    for _ in $(seq 50); do
        first=$((20000 + RANDOM % 12000))
        for ((i = 0; i < $1; i++)); do
            ! (: <"/dev/tcp/127.0.0.1/$((first + i))") 2>/dev/null || continue 2
        done
        echo "$first" && return
    done
    return 1
}

# Nodes n1, n2, ... are each a slurmd of this machine ("multiple slurmd support") that says it has 4 CPUs, so that it matters
# little how many there are. Jobs of the partition high preempt those of low, which have 20 s to end.
write_slurm_conf() { # folder, nodes
    local folder=$1 port host i
    port=$(free_ports $(($2 + 1))) || return
    host=$(uname -n | cut -d. -f1)
    cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmctldPort=$port
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/slurmd.%n
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmdSpoolDir=$folder/spool/%n
StateSaveLocation=$folder/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0,default_queue_depth=100,bf_interval=1
KillWait=5
MinJobAge=300
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
CONF
    for ((i = 1; i <= $2; i++)); do
        echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=4 State=UNKNOWN"
    done
    echo "PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 OverSubscribe=NO GraceTime=20"
    echo "PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF"
}

slurm_folder=
start_slurm() { # folder, nodes
    local i
    mkdir -p "$1"/{munge,state,spool,log} || return
    slurm_folder=$1
    chmod 755 "$1" && chmod 700 "$1/munge"
    (umask 077 && head -c 128 /dev/urandom >"$1/munge/key")
    # --force admits folders that are not /etc and /run
    munged --force --socket="$1/munge/socket" --key-file="$1/munge/key" --pid-file="$1/munge/pid" \
        --log-file="$1/munge/log" --seed-file="$1/munge/seed" || return
    export SLURM_CONF=$1/slurm.conf
    write_slurm_conf "$1" "$2" >"$SLURM_CONF" || return
    slurmctld -c || return
    for ((i = 1; i <= $2; i++)); do
        mkdir -p "$1/spool/n$i"
        slurmd -N "n$i" || return
    done
    wait_until "$2 nodes are there" nodes_are_idle "$2"
}

nodes_are_idle() { # how many
    [ "$(sinfo -h -N -p low -o %T 2>/dev/null | grep -c '^idle')" -ge "$1" ]
}

# By the files that name the processes of this one alone.
stop_slurm() {
    local file
    [ -n "$slurm_folder" ] || return 0
    scancel --me --quiet 2>/dev/null
    wait_until "the queue is empty" queue_is_empty
    for file in "$slurm_folder"/slurmd.*.pid "$slurm_folder/slurmctld.pid" "$slurm_folder/munge/pid"; do
        [ ! -f "$file" ] || kill "$(<"$file")" 2>/dev/null
    done
    wait_until "Slurm has ended" has_no_slurmctld
}

# It removes the file when it has written its state.
has_no_slurmctld() {
    [ ! -f "$slurm_folder/slurmctld.pid" ]
}

queue_is_empty() {
    [ -z "$(squeue -h 2>/dev/null)" ]
}

# Minutes, for a machine that others use, too.
patience=300 # seconds
wait_until() { # what, command...
    local until=$((SECONDS + patience))
    while [ $SECONDS -lt $until ]; do
        ! "${@:2}" || return 0
        sleep 0.2
    done
    echo "# not within $patience s: $1"
    return 1
}
