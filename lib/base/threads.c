#include "lib/base/threads.h"
#include "lib/base/cpu_quota.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include <omp.h>
#include <stdlib.h>

void threads_bound(void)
{
    const int threads = omp_get_max_threads(), cores = omp_get_num_procs();
    if (!getenv("OMP_NUM_THREADS")) {
        const int quota = cpu_quota("/proc", "/sys/fs/cgroup");
        if (quota && quota < threads)
            omp_set_num_threads(quota);
        return;
    }
    if (threads <= THREADS_MAX)
        return;
    warn("OMP_NUM_THREADS: %d is not within 1..%d: as many threads as cores, %d, are used", threads,
         THREADS_MAX, cores);
    omp_set_num_threads(cores < THREADS_MAX ? cores : THREADS_MAX);
}

int threads_exchange(int threads)
{
    const int before = omp_get_max_threads();
    if (threads)
        omp_set_num_threads(threads);
    return before;
}

int threads_set(int option)
{
    const char *text = environment_value("PRUNET_THREADS");
    long threads = option;
    if (option < 0 || option > THREADS_MAX)
        return fail(STATUS_USAGE, "--threads: %d is not within 1..%d", option, THREADS_MAX);
    if (!option && text) {
        char *end;
        threads = strtol(text, &end, 10);
        if (*end || threads < 1 || threads > THREADS_MAX)
            return fail(STATUS_USAGE, "PRUNET_THREADS: '%s' is not within 1..%d", text, THREADS_MAX);
    }
    if (threads)
        omp_set_num_threads((int)threads);
    return STATUS_OK;
}
