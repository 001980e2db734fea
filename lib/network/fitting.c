/* What would fit, where a volume's activations did not: a line of advice from plans, which cost nothing. */
#include "lib/network/body.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool fits(const struct network *n, const int size[3], const struct memory_budget *budget,
                 size_t available)
{
    struct plan plan;
    if (network_plan(&plan, &n->architecture, n->kernels, n->training, size, budget))
        return false;
    bool good = plan.activation_bytes <= available;
    plan_free(&plan);
    return good;
}

/* Takes planes off the longest axis until it fits; false when nothing does. */
static bool shrink(const struct network *n, int size[3], size_t available)
{
    int multiple = architecture_multiple(&n->architecture);
    do {
        int longest = 0;
        for (int axis = 1; axis < 3; axis++)
            longest = size[axis] > size[longest] ? axis : longest;
        size[longest] -= multiple;
        if (size[longest] < multiple)
            return false;
    } while (!fits(n, size, &n->budget, available));
    return true;
}

void network_fitting(const struct network *n, char text[FITTING_SIZE])
{
    size_t available = n->kernels->available();
    const struct memory_budget budget = {.bytes = (n->plan.resident_bytes + available) >> 20 << 20};
    int size[3] = {n->size[0], n->size[1], n->size[2]};
    text[0] = 0;
    if (available == SIZE_MAX || !size[0])
        return;
    if (n->training && n->architecture.kind == NETWORK_REVERSIBLE && fits(n, size, &budget, available))
        snprintf(text, FITTING_SIZE, "; --memory %zuM would fit", (size_t)budget.bytes >> 20);
    else if (shrink(n, size, available))
        snprintf(text, FITTING_SIZE, "; volumes of %dx%dx%d would fit (crop --size)", size[0], size[1],
                 size[2]);
    else
        snprintf(text, FITTING_SIZE, "; no size would fit");
}
