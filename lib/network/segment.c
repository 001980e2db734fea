#include "lib/network/segment.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/network/body.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool padded_size(const struct network *n, const int size[3], int padded[3])
{
    int multiple = architecture_multiple(&n->architecture);
    for (int axis = 0; axis < 3; axis++)
        padded[axis] = (size[axis] + multiple - 1) / multiple * multiple;
    return memcmp(size, padded, 3 * sizeof *size) != 0;
}

/* Copies the voxels that two arrays (channels, z, y, x) with a common first voxel share. */
static void copy_corner(int channels, const int from_size[3], const float *from, const int to_size[3],
                        float *to)
{
    static const int same_corner[3] = {0, 0, 0};
    for (size_t c = 0; c < (size_t)channels; c++)
        grid_copy(from + c * grid_voxels(from_size), from_size, same_corner, to + c * grid_voxels(to_size),
                  to_size, sizeof *to);
}

int segment_put(struct network *n, const int size[3], const float *image)
{
    int padded[3], inputs = n->architecture.inputs;
    bool pad = padded_size(n, size, padded);
    int status = network_resize(n, padded);
    if (status)
        return status;
    if (!pad) {
        network_put_image(n, image);
        return STATUS_OK;
    }
    float *whole = calloc((size_t)inputs * grid_voxels(padded), sizeof *whole);
    if (!whole)
        return fail(STATUS_FAILURE, "out of memory");
    copy_corner(inputs, size, image, padded, whole);
    network_put_image(n, whole);
    free(whole);
    return STATUS_OK;
}

static int infer_padded(struct network *n, const int size[3], const int padded[3], float *probabilities)
{
    int outputs = n->architecture.outputs;
    float *whole = malloc((size_t)outputs * grid_voxels(padded) * sizeof *whole);
    int status = whole ? network_infer(n, whole) : fail(STATUS_FAILURE, "out of memory");
    if (!status)
        copy_corner(outputs, padded, whole, size, probabilities);
    free(whole);
    return status;
}

int segment_run(struct network *n, const int size[3], float *probabilities)
{
    int padded[3];
    int status = padded_size(n, size, padded) ? infer_padded(n, size, padded, probabilities)
                                              : network_infer(n, probabilities);
    size_t count = (size_t)n->architecture.outputs * grid_voxels(size);
    for (size_t i = 0; !status && i < count; i++)
        if (!isfinite(probabilities[i]))
            status = fail(STATUS_DATA, "the probabilities are not finite: neither can the image be");
    return status;
}
