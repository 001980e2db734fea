#include "lib/network/operating_point.h"
#include "lib/base/error.h"
#include <math.h>

int checkpoint_move_threshold(struct checkpoint *checkpoint, const char *region, double threshold)
{
    int number = checkpoint_region(checkpoint, region);
    if (number < 0)
        return fail(STATUS_DATA, "%s: has no region %s", checkpoint->path, region);
    int status = checkpoint_own_values(checkpoint);
    if (!status)
        checkpoint->values[parameter_find(&checkpoint->table, "lastConv.bias")->offset + (size_t)number] -=
            (float)log(threshold / (1 - threshold));
    return status;
}
