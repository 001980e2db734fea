#include "lib/network/segment.h"
#include "lib/base/error.h"
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

static size_t voxels(const int size[3])
{
    return (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
}

/* Copies the rows that two arrays (channels, z, y, x) have in common. */
static void copy_corner(int channels, const int from_size[3], const float *from, const int to_size[3],
                        float *to)
{
    int common[3];
    for (int axis = 0; axis < 3; axis++)
        common[axis] = from_size[axis] < to_size[axis] ? from_size[axis] : to_size[axis];
    for (int c = 0; c < channels; c++)
        for (int z = 0; z < common[2]; z++)
            for (int y = 0; y < common[1]; y++) {
                size_t line = (size_t)z,
                       from_row = (line * (size_t)from_size[1] + (size_t)y) * (size_t)from_size[0],
                       to_row = (line * (size_t)to_size[1] + (size_t)y) * (size_t)to_size[0];
                memcpy(to + (size_t)c * voxels(to_size) + to_row,
                       from + (size_t)c * voxels(from_size) + from_row, (size_t)common[0] * sizeof *to);
            }
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
    float *whole = calloc((size_t)inputs * voxels(padded), sizeof *whole);
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
    float *whole = malloc((size_t)outputs * voxels(padded) * sizeof *whole);
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
    size_t count = (size_t)n->architecture.outputs * voxels(size);
    for (size_t i = 0; !status && i < count; i++)
        if (!isfinite(probabilities[i]))
            status = fail(STATUS_DATA, "the probabilities are not finite: neither can the image be");
    return status;
}
