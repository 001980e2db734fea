#include "lib/base/cpu_quota.h"
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The numbers that a file holds; a word that is no number ends them. */
static int read_numbers(const char *folder, const char *path, const char *file, double numbers[2])
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s%s/%s", folder, path, file) >= (int)sizeof name)
        return 0;
    FILE *stream = fopen(name, "r");
    const int count = stream ? fscanf(stream, "%lf %lf", &numbers[0], &numbers[1]) : 0;
    if (stream)
        fclose(stream);
    return count > 0 ? count : 0;
}

/* The cores of one group, 0 without a limit: cpu.max of version 2 is "QUOTA PERIOD" or "max PERIOD", the two files of
 * version 1 hold one number each, of which a quota of -1 is no limit. */
static double quota_of(const char *groups, const char *path, bool second)
{
    double numbers[2] = {0, 0}, period[2] = {0, 0};
    if (second)
        return read_numbers(groups, path, "cpu.max", numbers) == 2 && numbers[1] > 0 ? numbers[0] / numbers[1]
                                                                                     : 0;
    if (read_numbers(groups, path, "cpu.cfs_quota_us", numbers) < 1 ||
        read_numbers(groups, path, "cpu.cfs_period_us", period) < 1 || !(period[0] > 0))
        return 0;
    return numbers[0] / period[0];
}

/* The least of a group and those above it. */
static double least_quota(const char *groups, char *path, bool second)
{
    double least = 0;
    for (;;) {
        const double quota = quota_of(groups, path, second);
        if (quota > 0 && (least <= 0 || quota < least))
            least = quota;
        char *slash = strrchr(path, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

/* Lines are "0::/path" of version 2, "4:cpu,cpuacct:/path" of version 1, whose groups lie in a folder of their own. */
int cpu_quota(const char *proc, const char *groups)
{
    char name[PATH_MAX], line[PATH_MAX], first[PATH_MAX];
    double least = 0;
    snprintf(name, sizeof name, "%s/self/cgroup", proc);
    snprintf(first, sizeof first, "%s/cpu", groups);
    FILE *stream = fopen(name, "r");
    while (stream && fgets(line, sizeof line, stream)) {
        char *kinds = strchr(line, ':'), *path = kinds ? strchr(kinds + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        if (!strcmp(path, "/"))
            *path = 0;
        const bool second = !strcmp(kinds, ":");
        if (!second && strcmp(kinds, ":cpu") != 0 && strncmp(kinds, ":cpu,", 5) != 0)
            continue;
        const double quota = least_quota(second ? groups : first, path, second);
        if (quota > 0 && (least <= 0 || quota < least))
            least = quota;
    }
    if (stream)
        fclose(stream);
    return least > 0 && least < INT_MAX ? (int)ceil(least) : 0;
}
