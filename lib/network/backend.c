#include "lib/network/backend.h"
#include "lib/base/error.h"
#include <stdlib.h>

enum { THREADS_MOST = 1024 };

static int set_threads(int threads)
{
    const char *text = getenv("PRUNET_THREADS");
    if (!threads && text && *text) {
        char *end;
        long number = strtol(text, &end, 10);
        if (*end || number < 1 || number > THREADS_MOST)
            return fail(STATUS_USAGE, "PRUNET_THREADS: '%s' is not a number of threads", text);
        threads = (int)number;
    }
    if (threads < 0 || threads > THREADS_MOST)
        return fail(STATUS_USAGE, "--threads: %d is not within 1..%d", threads, THREADS_MOST);
    if (threads) /* else OpenMP's own default, which honours OMP_NUM_THREADS */
        kernels_set_threads(threads);
    return STATUS_OK;
}

int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture)
{
    const char *name = choice->name ? choice->name : getenv("PRUNET_BACKEND"), *why;
    int parts = architecture->kind == NETWORK_REVERSIBLE ? 2 : 1;
    *kernels =
        kernels_find(name && *name ? name : "cpu", architecture->channels, architecture->levels, parts, &why);
    return *kernels ? set_threads(choice->threads) : fail(STATUS_USAGE, "%s", why);
}

int backend_open_network(struct network **network, const struct backend_choice *choice,
                         const struct checkpoint *checkpoint, bool training)
{
    const struct kernels *kernels;
    struct network *opened;
    int status = backend_find(&kernels, choice, &checkpoint->architecture);
    if (!status)
        status = network_open(&opened, &checkpoint->architecture, kernels, training);
    if (status)
        return status;
    if ((status = network_load(opened, checkpoint)))
        network_close(opened);
    else
        *network = opened;
    return status;
}
