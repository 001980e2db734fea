/* How many cores a control group leaves, of files as the kernel has them. */
#include "lib/base/cpu_quota.h"
#include "tests/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char folder[256];

/* Writes a file in the folder; the folders of its path are made. */
static void put(const char *path, const char *text)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s", folder, path);
    for (char *slash = name + 1; *slash; slash++)
        if (*slash == '/') {
            *slash = 0;
            mkdir(name, 0777);
            *slash = '/';
        }
    FILE *stream = fopen(name, "w");
    if (stream) {
        fputs(text, stream);
        fclose(stream);
    }
}

static int quota(void)
{
    char proc[300], groups[300];
    snprintf(proc, sizeof proc, "%s/proc", folder);
    snprintf(groups, sizeof groups, "%s/groups", folder);
    return cpu_quota(proc, groups);
}

int main(void)
{
    const char *scratch = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/quota", scratch ? scratch : "/tmp");
    check(quota() == 0, "nobody tells: no limit");
    put("proc/self/cgroup", "0::/a/b\n");
    check(quota() == 0, "no file: no limit");
    put("groups/a/b/cpu.max", "max 100000\n");
    check(quota() == 0, "max: no limit");
    put("groups/a/b/cpu.max", "250000 100000\n");
    check(quota() == 3, "2.5 cores: three threads");
    put("groups/a/cpu.max", "200000 100000\n");
    check(quota() == 2, "the group above leaves less");
    put("groups/cpu.max", "50000 100000\n");
    check(quota() == 1, "as a container sees its own: in the root, half a core");
    put("groups/cpu.max", "max 100000\n");
    put("groups/a/cpu.max", "nonsense\n");
    check(quota() == 3, "what is no number is no limit");
    put("groups/a/b/cpu.max", "100000 0\n");
    check(quota() == 0, "a period of 0 is none");
    put("proc/self/cgroup", "12:memory:/m\n4:cpu,cpuacct:/job\n1:name=systemd:/\n");
    put("groups/cpu/job/cpu.cfs_quota_us", "400000\n");
    put("groups/cpu/job/cpu.cfs_period_us", "100000\n");
    check(quota() == 4, "version 1");
    put("groups/cpu/job/cpu.cfs_quota_us", "-1\n");
    check(quota() == 0, "its -1: no limit");
    put("proc/self/cgroup", "no colons\n:\n0\n");
    check(quota() == 0, "lines that are none");
    return check_exit();
}
