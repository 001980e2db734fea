#include "lib/network/ensemble.h"
#include "lib/base/error.h"
#include "lib/network/segment.h"
#include "lib/volume/samples.h"
#include <stdlib.h>

enum { AXES = 3, SUBSETS = 1 << AXES };

struct ensemble {
    const struct backend_choice *backend;
    const char *const *paths;
    struct checkpoint *members; /* mapped files */
    int count;                  /* of those that are open */
    bool flips;
    struct network *network; /* has the weights of member `holds` */
    int holds;
};

/* Gives the network a member's weights; a member of another architecture needs another network. */
static int hold(struct ensemble *e, int member)
{
    const struct checkpoint *next = &e->members[member];
    if (e->network && e->holds == member)
        return STATUS_OK;
    e->holds = member;
    if (e->network && architecture_equal(network_architecture(e->network), &next->architecture))
        return network_load(e->network, next);
    network_close(e->network);
    e->network = NULL;
    return backend_open_network(&e->network, e->backend, next, false);
}

static int open_member(struct ensemble *e, const char *path)
{
    struct checkpoint *member = &e->members[e->count];
    int status = checkpoint_open(member, path);
    if (status)
        return status;
    e->count++;
    const struct architecture *first = &e->members[0].architecture, *own = &member->architecture;
    if (own->inputs != first->inputs || own->outputs != first->outputs)
        return fail(STATUS_DATA, "%s has %d inputs and %d outputs, %s has %d and %d", e->paths[0],
                    first->inputs, first->outputs, path, own->inputs, own->outputs);
    return STATUS_OK;
}

int ensemble_open(struct ensemble **ensemble, const struct backend_choice *backend, int count,
                  const char *const *paths, bool flips)
{
    struct ensemble *e = calloc(1, sizeof *e);
    struct checkpoint *members = calloc((size_t)count, sizeof *members);
    if (!e || !members) {
        free(e);
        free(members);
        return fail(STATUS_FAILURE, "out of memory for %d networks", count);
    }
    *e = (struct ensemble){.backend = backend, .paths = paths, .members = members, .flips = flips};
    int status = STATUS_OK;
    for (int i = 0; i < count && !status; i++)
        status = open_member(e, paths[i]);
    if (!status)
        status = hold(e, 0);
    if (status)
        ensemble_close(e);
    else
        *ensemble = e;
    return status;
}

void ensemble_close(struct ensemble *e)
{
    network_close(e->network);
    for (int i = 0; i < e->count; i++)
        checkpoint_close(&e->members[i]);
    free(e->members);
    free(e);
}

int ensemble_outputs(const struct ensemble *e)
{
    return e->members[0].architecture.outputs;
}

/* to (channels, z, y, x) becomes, or with `add` grows by, `from` flipped along the axes of the subset: bit 0
 * is x, 1 is y, 2 is z. */
static void flip(int channels, const int size[AXES], int subset, const float *from, float *to, bool add)
{
    const int width = size[0], height = size[1], depth = size[2];
    for (int plane = 0; plane < channels * depth; plane++)
        for (int y = 0; y < height; y++) {
            const int z = plane % depth;
            const int from_plane = plane - z + (subset & 4 ? depth - 1 - z : z);
            const float *row =
                from + ((size_t)from_plane * height + (subset & 2 ? height - 1 - y : y)) * width;
            float *out = to + ((size_t)plane * height + y) * width;
            for (int x = 0; x < width; x++) {
                const float value = row[subset & 1 ? width - 1 - x : x];
                out[x] = add ? out[x] + value : value;
            }
        }
}

/* One pass and nothing kept: the image goes before the network works. */
static int segment_once(struct ensemble *e, struct record *image, struct record *result)
{
    struct record header;
    int status = segment_put(e->network, image->size, image->data);
    if (status || (status = record_copy_header(&header, image)))
        return status;
    record_free(image);
    *image = header;
    if ((status = record_derive(result, image, SAMPLE_FLOAT, ensemble_outputs(e), image->size)))
        return status;
    status = segment_run(e->network, image->size, result->data);
    if (status)
        record_free(result);
    return status;
}

/* Adds what a member says of the image and, with flips, of its mirror images. `view` has room for the image,
 * `answer` for the probabilities. */
static int add_member(struct ensemble *e, int member, const struct record *image, float *view, float *answer,
                      float *sum)
{
    int status = hold(e, member);
    for (int subset = 0; subset < (e->flips ? SUBSETS : 1) && !status; subset++) {
        flip(image->channels, image->size, subset, image->data, view, false);
        status = segment_put(e->network, image->size, view);
        if (!status)
            status = segment_run(e->network, image->size, answer);
        if (!status)
            flip(ensemble_outputs(e), image->size, subset, answer, sum, true);
    }
    return status;
}

static int segment_mean(struct ensemble *e, struct record *image, struct record *result)
{
    const int passes = e->count * (e->flips ? SUBSETS : 1);
    const size_t voxels = record_voxels(image), values = voxels * (size_t)ensemble_outputs(e);
    int status = record_derive(result, image, SAMPLE_FLOAT, ensemble_outputs(e), image->size);
    if (status)
        return status;
    float *view = malloc(voxels * (size_t)image->channels * sizeof *view);
    float *answer = malloc(values * sizeof *answer), *sum = result->data; /* zeroed */
    if (!view || !answer)
        status = fail(STATUS_FAILURE, "out of memory for %d passes", passes);
    for (int member = 0; member < e->count && !status; member++)
        status = add_member(e, member, image, view, answer, sum);
    for (size_t i = 0; i < values && !status; i++)
        sum[i] *= 1.0f / (float)passes;
    free(view);
    free(answer);
    if (status)
        record_free(result);
    return status;
}

int ensemble_segment(struct ensemble *e, struct record *image, struct record *result)
{
    const int inputs = e->members[0].architecture.inputs;
    if (image->channels != inputs)
        return fail(STATUS_DATA, "%d channels, the network takes %d", image->channels, inputs);
    int status = record_make_float(image);
    if (status)
        return status;
    return e->count == 1 && !e->flips ? segment_once(e, image, result) : segment_mean(e, image, result);
}
