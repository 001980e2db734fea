# Room on the disk and in memory, asked for before work that would run out of it. Sourced.
# shellcheck shell=bash

# Ends the script unless the file system of a folder has room for so many bytes; says both where they are large.
need_room() { # folder bytes what: "the records of 12 cases"
    local free
    free=$(df --output=avail -B1 -- "$1" 2>/dev/null | tail -n 1 | tr -d ' ') || return 0
    [[ $free =~ ^[0-9]+$ ]] || return 0 # a file system that does not tell
    [ "$2" -le "$free" ] ||
        die 1 "$1: $3 need $(gigabytes "$2"), and $(gigabytes "$free") are free there: nothing is begun"
    [ "$2" -lt 1000000000 ] || say "$3 will take $(gigabytes "$2") of the $(gigabytes "$free") that are free in $1"
}

gigabytes() { # bytes
    awk -v bytes="$1" 'BEGIN { printf "%.1f %s", bytes / (bytes < 1e9 ? 1e6 : 1e9), (bytes < 1e9 ? "MB" : "GB") }'
}

# The same for memory. Where a device computes, it is the device's.
need_memory() { # bytes, what: "a training step", advice
    local free
    [[ ${PRUNET_BACKEND-} != cuda* ]] || return 0
    free=$(free_memory)
    [ -n "$free" ] || return 0 # a machine that does not tell
    [ "$1" -le "$free" ] ||
        die 1 "$2 needs $(gigabytes "$1") of memory, and $(gigabytes "$free") are free: $3"
    [ "$1" -lt 1000000000 ] || say "$2 will take $(gigabytes "$1") of the $(gigabytes "$free") of memory that are free"
}

# Where the kernel tells of memory and of control groups.
proc=/proc
control_groups=/sys/fs/cgroup

# The bytes that a process started here may still use: what the machine has, swap included, what the control groups that it
# is in leave, and ulimit -v. Nothing where the machine does not tell.
free_memory() {
    {
        awk '$1 == "MemAvailable:" || $1 == "SwapFree:" { sum += $2; known = known || /MemA/ }
             END { if (known) printf "%.0f\n", sum * 1024 }' "$proc/meminfo" 2>/dev/null || true
        ulimit -v | awk '$1 != "unlimited" { printf "%.0f\n", $1 * 1024 }'
        left_by_groups
    } | sort -n | head -n 1
}

# What each of the groups leaves, a line each: of the process's own up to the root, as a container sees it. Version 2 of
# control groups has one tree, version 1 one for memory. A group's cached pages are free.
left_by_groups() {
    local line path root
    while IFS= read -r line; do
        case $line in
        0::*) root=$control_groups ;;
        *:memory:* | *:memory,*:* | *,memory:*) root=$control_groups/memory ;;
        *) continue ;;
        esac
        path=${line#*:*:}
        path=${path%/}
        while left_by_group "$root$path" && [ -n "$path" ]; do
            path=${path%/*}
        done
    done < <(cat "$proc/self/cgroup" 2>/dev/null)
}

left_by_group() { # folder
    local limit used
    limit=$(cat "$1/memory.max" 2>/dev/null || cat "$1/memory.limit_in_bytes" 2>/dev/null || true)
    used=$(cat "$1/memory.current" 2>/dev/null || cat "$1/memory.usage_in_bytes" 2>/dev/null || true)
    [[ $limit =~ ^[0-9]+$ && $used =~ ^[0-9]+$ ]] || return 0
    cat "$1/memory.stat" 2>/dev/null | awk -v left="$limit" -v used="$used" '
        $1 ~ /^(total_)?(in)?active_file$/ { is_total = $1 ~ /^total/; cached[is_total] += $2 }
        END { left += cached[1 in cached] - used; printf "%.0f\n", (left > 0 ? left : 0) }' || true
}
