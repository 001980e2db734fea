/* The list of backends, and the way to one by its name. */
#include "kernels/kernels.h"
#include "kernels/backends.h"
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TABLES_MAX = 3 * FAMILY_TABLES_MAX };

static const struct kernels *tables[TABLES_MAX];
static int table_count;
static pthread_once_t listed = PTHREAD_ONCE_INIT;

static void list_tables(void)
{
    for (const struct kernels_family *const *family = kernels_families; *family; family++) {
        const struct kernels *found[FAMILY_TABLES_MAX];
        int count = (*family)->tables(found);
        for (int i = 0; i < count && table_count < TABLES_MAX; i++)
            tables[table_count++] = found[i];
    }
}

const struct kernels *const *kernels_list(int *count)
{
    pthread_once(&listed, list_tables);
    *count = table_count;
    return tables;
}

static const struct kernels_family *family_of(const char *name)
{
    for (const struct kernels_family *const *family = kernels_families; *family; family++)
        if (!strcmp((*family)->name, name))
            return *family;
    return NULL;
}

/* "no backend \"x\" in this build or on this machine; there are: reference, cpu, planar-avx2, ...": the families, then
 * the tables that none of them is named after. */
static const char *advice(const char *name)
{
    static _Thread_local char text[512];
    const char *comma = "";
    int count;
    const struct kernels *const *list = kernels_list(&count);
    int used = snprintf(text, sizeof text,
                        "no backend \"%.40s\" in this build or on this machine%s; there are: ", name,
                        strncmp(name, "cuda", 4) ? "" : ": make CUDA=1 builds one, into build/cuda");
    for (int i = 0; kernels_families[i] && used < (int)sizeof text; i++, comma = ", ")
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", comma, kernels_families[i]->name);
    for (int i = 0; i < count && used < (int)sizeof text; i++)
        if (!family_of(list[i]->name))
            used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", comma, list[i]->name);
    return text;
}

const struct kernels *kernels_find(const char *name, const int *channels, int levels, int streams,
                                   const char **why)
{
    const struct kernels_family *family = family_of(name);
    if (family)
        return family->choose(channels, levels, streams, why);
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++)
        if (!strcmp(list[i]->name, name))
            return list[i];
    *why = advice(name);
    return NULL;
}

static int wanted_device, process_of_several = -1;

void kernels_set_device(int device)
{
    wanted_device = device;
}

int kernels_device(void)
{
    return wanted_device;
}

void kernels_share_devices(int process)
{
    process_of_several = process;
}

int kernels_process(void)
{
    return process_of_several;
}

void kernels_set_threads(int threads)
{
    omp_set_num_threads(threads > 0 ? threads : 1);
}
