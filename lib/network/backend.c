#include "lib/network/backend.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include "lib/base/threads.h"

int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture)
{
    const char *name = choice->name ? choice->name : environment_value("PRUNET_BACKEND"), *why;
    int streams = architecture->kind == NETWORK_REVERSIBLE ? 2 : 1;
    *kernels = kernels_find(name && *name ? name : "cpu", architecture->channels, architecture->levels,
                            streams, &why);
    return *kernels ? threads_set(choice->threads) : fail(STATUS_USAGE, "%s", why);
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
