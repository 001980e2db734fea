/* Which CPU backends this machine can run, and which of them pays for a network. */
#include "kernels/cpu/cpu.h"
#include "kernels/backends.h"
#include <stdlib.h>
#include <string.h>

struct instruction_set {
    const char *name; /* as PRUNET_CPU gives it */
    int (*supported)(void);
    const struct kernels *planar, *winograd, *planar16;
};

static int always(void)
{
    return 1;
}

#if defined(__x86_64__)
static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("fma");
}
#endif

/* From the plainest to the widest. */
static const struct instruction_set sets[] = {
    {"portable", always, &kernels_planar_portable, &kernels_winograd_portable, &kernels_planar16_portable},
#if defined(__x86_64__)
    {"avx2", has_avx2, &kernels_planar_avx2, &kernels_winograd_avx2, &kernels_planar16_avx2},
    {"avx512", has_avx512, &kernels_planar_avx512, &kernels_winograd_avx512, &kernels_planar16_avx512},
#endif
};

enum { SET_COUNT = sizeof sets / sizeof sets[0] };

static int tables(const struct kernels *list[FAMILY_TABLES_MAX])
{
    int count = 0;
    for (int i = 0; i < SET_COUNT; i++) {
        if (!sets[i].supported())
            continue;
        list[count++] = sets[i].planar;
        list[count++] = sets[i].winograd;
    }
    return count;
}

/* The set that PRUNET_CPU names, or else the widest of this machine; NULL when it cannot run here. */
static const struct instruction_set *chosen_set(void)
{
    const char *limit = getenv("PRUNET_CPU");
    for (int i = SET_COUNT - 1; i >= 0; i--)
        if (limit && *limit ? !strcmp(limit, sets[i].name) : sets[i].supported())
            return sets[i].supported() ? &sets[i] : NULL;
    return NULL;
}

/* Channels of a stream from which on the winograd layout pays at the first level, where most of the work is.
 * Planar's time over winograd's, of a training step with streams of 4, 6, 8, 12, 16, 30 channels at 64^3 and
 * 4, 6, 8 at 96^3, widths by level as 1:2:4:6:8 (2026-11-26, AMD EPYC, processor time of prunet-step
 * --threads 1):
 *
 *     AVX-512   0.4  0.8  1.2  1.7  2.7  4.9     0.5  0.9  1.3
 *     AVX2      0.7  1.2  1.9  2.1  2.3  4.0     0.9  1.4  2.0 */
enum { WIDE = 8 };

static const char unknown_set[] =
    "PRUNET_CPU names no instruction set of this machine; portable, avx2 and avx512 are known";

static const struct kernels *choose(const int *channels, int levels, int streams, const char **why)
{
    const struct instruction_set *set = chosen_set();
    *why = unknown_set;
    if (!set)
        return NULL;
    return levels > 0 && channels[0] / streams >= WIDE ? set->winograd : set->planar;
}

const struct kernels_family kernels_family_cpu = {"cpu", tables, choose};

static int no_tables(const struct kernels *list[FAMILY_TABLES_MAX])
{
    (void)list;
    return 0;
}

static const struct kernels *choose_int16(const int *channels, int levels, int streams, const char **why)
{
    (void)channels, (void)levels;
    const struct instruction_set *set = chosen_set();
    *why = set ? "cpu-int16 stores the two streams of reversible networks: this one has none" : unknown_set;
    return set && streams == 2 ? set->planar16 : NULL;
}

const struct kernels_family kernels_family_cpu_int16 = {"cpu-int16", no_tables, choose_int16};
