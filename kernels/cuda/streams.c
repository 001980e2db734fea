/* See streams.h. */
#include "kernels/cuda/streams.h"
#include "kernels/cuda/gpu.h"

static unsigned long long *wraps;

unsigned long long *streams_wraps(void)
{
    if (!wraps && (wraps = gpu_allocate(sizeof *wraps)))
        gpu_clear(wraps, sizeof *wraps);
    return wraps;
}

int64_t streams_take_wraps(void)
{
    unsigned long long count = 0;
    gpu_download(&count, wraps, sizeof count);
    if (count)
        gpu_clear(wraps, sizeof *wraps);
    return (int64_t)count;
}
