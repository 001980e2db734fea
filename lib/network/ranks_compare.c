#include "lib/network/ranks_compare.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include <stdlib.h>

int ranks_compare(const struct ranks *ranks, const char *what, const char *text)
{
    const size_t count = (size_t)ranks->count, own = 2 * (size_t)ranks->number;
    const uint64_t digest = random_key(0, text);
    double *halves = calloc(2 * count, sizeof *halves);
    if (!halves)
        return fail(STATUS_FAILURE, "out of memory");
    halves[own] = (double)(digest >> 32);
    halves[own + 1] = (double)(digest & UINT32_MAX);
    ranks_share_scores(halves, 2 * count);
    size_t other = 0;
    while (other < count && halves[2 * other] == halves[0] && halves[2 * other + 1] == halves[1])
        other++;
    free(halves);
    return other == count ? STATUS_OK : fail(STATUS_DATA, "rank %zu has another %s than rank 0", other, what);
}
