#include "lib/network/operating_point.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Gives the checkpoint a vector of its own that can be changed. */
static int own_values(struct checkpoint *c)
{
    if (c->values)
        return STATUS_OK;
    float *values = calloc(c->table.floats, sizeof *values);
    if (!values)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < c->table.count; i++) {
        const struct parameter *p = &c->table.parameters[i];
        memcpy(values + p->offset, checkpoint_values(c, checkpoint_model(c), p), p->count * sizeof *values);
    }
    c->values = values;
    return STATUS_OK;
}

int checkpoint_move_threshold(struct checkpoint *checkpoint, const char *region, double threshold)
{
    int number = checkpoint_region(checkpoint, region);
    if (number < 0)
        return fail(STATUS_DATA, "%s: has no region %s", checkpoint->path, region);
    int status = own_values(checkpoint);
    if (!status)
        checkpoint->values[parameter_find(&checkpoint->table, "lastConv.bias")->offset + (size_t)number] -=
            (float)log(threshold / (1 - threshold));
    return status;
}
