#include "lib/network/segment.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "lib/volume/channels.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"
#include <math.h>
#include <stdlib.h>

void segment_padded_size(const struct architecture *architecture, const int size[3], int padded[3])
{
    int multiple = architecture_multiple(architecture);
    for (int axis = 0; axis < 3; axis++)
        padded[axis] = (size[axis] + multiple - 1) / multiple * multiple;
}

static bool padded_size(const struct network *n, const int size[3], int padded[3])
{
    segment_padded_size(network_architecture(n), size, padded);
    return !grid_equal(size, padded);
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
    int padded[3], inputs = network_architecture(n)->inputs;
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
    int outputs = network_architecture(n)->outputs;
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
    size_t count = (size_t)network_architecture(n)->outputs * grid_voxels(size);
    for (size_t i = 0; !status && i < count; i++)
        if (!isfinite(probabilities[i]))
            status = network_fail_not_finite(n, STATUS_DATA, "the probabilities are");
    return status;
}

int segment_pass(struct network *n, struct record *image, struct record *result)
{
    struct record header;
    int status = segment_put(n, image->size, image->data);
    if (status || (status = record_copy_header(&header, image)))
        return status;
    record_free(image);
    *image = header;
    if ((status = record_derive(result, image, SAMPLE_FLOAT, network_architecture(n)->outputs, image->size)))
        return status;
    status = segment_run(n, image->size, result->data);
    if (status)
        record_free(result);
    return status;
}

int segment_name_regions(struct record *result, const struct label_scheme *scheme)
{
    int status = STATUS_OK;
    result->role = ROLE_PROB;
    result->channel_names[0] = 0;
    if (result->channels == scheme->region_count) {
        region_names(scheme, result->channel_names);
        status = scheme_note(result, scheme);
    }
    if (status)
        record_free(result);
    return status;
}

int segment_record(struct network *n, struct record *image, bool fill_missing, struct record *result)
{
    const struct label_scheme *scheme = network_scheme(n);
    int status = channels_arrange(image, scheme, network_architecture(n)->inputs, fill_missing);
    if (!status)
        status = record_make_float(image);
    if (!status)
        status = segment_pass(n, image, result);
    return status ? status : segment_name_regions(result, scheme);
}

int segment_check_windows(const struct architecture *architecture, const struct tiling_choice *windows,
                          const char *of)
{
    int padded[3];
    segment_padded_size(architecture, windows->size, padded);
    if (grid_equal(windows->size, padded))
        return STATUS_OK;
    return fail(STATUS_USAGE, "--window: %s takes multiples of %d voxels, such as %dx%dx%d", of,
                architecture_multiple(architecture), padded[0], padded[1], padded[2]);
}

size_t segment_host_bytes(const struct architecture *a, const int size[3], const struct tiling *windows)
{
    const size_t image = (size_t)a->inputs * sizeof(float), result = (size_t)a->outputs * sizeof(float);
    int padded[3];
    if (windows && tiling_count(windows) > 1)
        return (image + result) * grid_voxels(size) + 2 * (image + result) * grid_voxels(windows->window);
    segment_padded_size(a, size, padded);
    const size_t more = grid_equal(size, padded) ? 0 : grid_voxels(padded);
    return size_max(image, result) * (grid_voxels(size) + more);
}
