/* How much of a machine's processor time a control group leaves: that of a container or a batch job. */
#ifndef PRUNET_BASE_CPU_QUOTA_H
#define PRUNET_BASE_CPU_QUOTA_H

/* The cores that this process's control groups leave it, rounded up: the least of its own and those above it. 0 where
 * there is no limit, or nobody tells. `proc` and `groups` are "/proc" and "/sys/fs/cgroup". */
int cpu_quota(const char *proc, const char *groups);

#endif
