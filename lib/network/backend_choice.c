#include "lib/network/backend_choice.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include "lib/base/threads.h"
#include "lib/network/kinds.h"
#include "lib/network/network_state.h"
#include <stdlib.h>

enum { DEVICE_MAX = 1023 };

int backend_choose_device(const char *option)
{
    const char *text = option ? option : environment_value("PRUNET_DEVICE");
    char *end = NULL;
    const long device = text ? strtol(text, &end, 10) : 0;
    if (text && (end == text || *end || device < 0 || device > DEVICE_MAX))
        return fail(STATUS_USAGE, "%s: '%s' is not the number of a GPU, which count from 0",
                    option ? "--device" : "PRUNET_DEVICE", text);
    kernels_set_device((int)device);
    return STATUS_OK;
}

int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture)
{
    const char *name = choice->name ? choice->name : environment_value("PRUNET_BACKEND"), *why;
    int streams = network_kind_streams(architecture->kind);
    if (backend_choose_device(choice->device))
        return STATUS_USAGE;
    *kernels = kernels_find(name && *name ? name : "cpu", architecture->channels, architecture->levels,
                            streams, &why);
    return *kernels ? threads_set(choice->threads) : fail(STATUS_USAGE, "%s", why);
}

int backend_open_network(struct network **network, const struct backend_choice *choice,
                         const struct checkpoint *checkpoint, unsigned use)
{
    const struct kernels *kernels;
    struct network *opened;
    int status = backend_find(&kernels, choice, &checkpoint->architecture);
    if (!status)
        status = network_open(&opened, &checkpoint->architecture, kernels, use);
    if (status)
        return status;
    if ((status = network_load(opened, checkpoint)))
        network_close(opened);
    else
        *network = opened;
    return status;
}
