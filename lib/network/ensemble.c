#include "lib/network/ensemble.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/network/network_state.h"
#include "lib/network/segment.h"
#include "lib/volume/channels.h"
#include "lib/volume/samples.h"
#include <stdlib.h>
#include <string.h>

enum { AXES = 3, SUBSETS = 1 << AXES };

struct ensemble {
    const struct backend_choice *backend;
    const char *const *paths;
    struct checkpoint *members; /* mapped files */
    int count;                  /* of those that are open */
    bool flips, fill_missing;
    struct tiling_choice windows;
    struct network *network; /* with the weights of member `loaded`; NULL: none */
    int loaded;
};

/* Gives the network a member's weights; a member of another architecture needs another network. */
static int load_member(struct ensemble *e, int member)
{
    const struct checkpoint *next = &e->members[member];
    if (e->network && e->loaded == member)
        return STATUS_OK;
    e->loaded = member;
    if (e->network && architecture_equal(network_architecture(e->network), &next->architecture))
        return network_load(e->network, next);
    network_close(e->network);
    e->network = NULL;
    return backend_open_network(&e->network, e->backend, next, INFERENCE);
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
    return checkpoint_check_schemes(&e->members[0], member);
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
        status = load_member(e, 0);
    if (status)
        ensemble_close(e);
    else
        *ensemble = e;
    return status;
}

void ensemble_close(struct ensemble *e)
{
    if (!e)
        return;
    network_close(e->network);
    for (int i = 0; i < e->count; i++)
        checkpoint_close(&e->members[i]);
    free(e->members);
    free(e);
}

int ensemble_set_windows(struct ensemble *e, const struct tiling_choice *windows)
{
    int status = STATUS_OK;
    for (int i = 0; i < e->count && !status; i++)
        status = segment_check_windows(&e->members[i].architecture, windows, e->paths[i]);
    e->windows = *windows;
    return status;
}

int ensemble_outputs(const struct ensemble *e)
{
    return e->members[0].architecture.outputs;
}

const struct label_scheme *ensemble_scheme(const struct ensemble *e)
{
    return checkpoint_scheme(&e->members[0]);
}

void ensemble_fill_missing(struct ensemble *e)
{
    e->fill_missing = true;
}

const char *ensemble_note(const struct ensemble *e, const char *key)
{
    return safetensors_metadata(&e->members[0].file, key);
}

bool ensemble_says_spacing(const struct ensemble *e)
{
    return *e->members[0].training.spacing;
}

int ensemble_spacing(const struct ensemble *e, double spacing[3])
{
    const char *text = e->members[0].training.spacing;
    if (spacing_parse(spacing, *text ? text : "1x1x1"))
        return fail(STATUS_DATA, "%s: prunet.spacing: '%s' is not a spacing", e->paths[0], text);
    return STATUS_OK;
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

/* Adds a member's probabilities of the image and, with flips, of its mirror images. `flipped` has the size of
 * the image, `own` that of its probabilities. */
static int add_member(struct ensemble *e, int member, const struct record *image, float *flipped, float *own,
                      float *sum)
{
    int status = load_member(e, member);
    for (int subset = 0; subset < (e->flips ? SUBSETS : 1) && !status; subset++) {
        flip(image->channels, image->size, subset, image->data, flipped, false);
        status = segment_put(e->network, image->size, flipped);
        if (!status)
            status = segment_run(e->network, image->size, own);
        if (!status)
            flip(ensemble_outputs(e), image->size, subset, own, sum, true);
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
    float *flipped = malloc(voxels * (size_t)image->channels * sizeof *flipped);
    float *own = malloc(values * sizeof *own), *sum = result->data; /* zeroed */
    if (!flipped || !own)
        status = fail(STATUS_FAILURE, "out of memory for %d passes", passes);
    for (int member = 0; member < e->count && !status; member++)
        status = add_member(e, member, image, flipped, own, sum);
    for (size_t i = 0; i < values && !status; i++)
        sum[i] *= 1.0f / (float)passes;
    free(flipped);
    free(own);
    if (status)
        record_free(result);
    return status;
}

/* What the windows of a volume share: one window of the image, and buffers for its passes. */
struct window_buffers {
    struct record image;
    float *flipped, *own, *sum;
};

static void free_buffers(struct window_buffers *b)
{
    record_free(&b->image);
    free(b->flipped);
    free(b->own);
    free(b->sum);
}

static int allocate_buffers(struct window_buffers *b, const struct tiling *t, const struct record *image,
                            int outputs)
{
    const size_t voxels = grid_voxels(t->window);
    *b = (struct window_buffers){0};
    int status = record_derive(&b->image, image, SAMPLE_FLOAT, image->channels, t->window);
    if (status)
        return status;
    b->flipped = malloc(voxels * (size_t)image->channels * sizeof *b->flipped);
    b->own = malloc(voxels * (size_t)outputs * sizeof *b->own);
    b->sum = malloc(voxels * (size_t)outputs * sizeof *b->sum);
    return b->flipped && b->own && b->sum ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for a window");
}

/* A member's weighted probabilities of all windows. */
static int add_windows(struct ensemble *e, int member, const struct tiling *t, const struct record *image,
                       struct window_buffers *b, float *sum)
{
    const int outputs = ensemble_outputs(e);
    const size_t voxels = grid_voxels(t->window), count = tiling_count(t);
    int status = STATUS_OK;
    for (size_t i = 0; i < count && !status; i++) {
        const struct window window = tiling_window(t, i);
        const int offset[3] = {-window.offset[0], -window.offset[1], -window.offset[2]};
        for (size_t c = 0; c < (size_t)image->channels; c++)
            grid_copy((const float *)image->data + c * record_voxels(image), image->size, offset,
                      (float *)b->image.data + c * voxels, t->window, sizeof(float));
        memset(b->sum, 0, voxels * (size_t)outputs * sizeof *b->sum);
        status = add_member(e, member, &b->image, b->flipped, b->own, b->sum);
        if (!status)
            tiling_add(t, &window, outputs, b->sum, sum);
    }
    return status;
}

static int segment_by_windows(struct ensemble *e, const struct tiling *t, const struct record *image,
                              struct record *result)
{
    const int outputs = ensemble_outputs(e);
    struct window_buffers buffers;
    int status = record_derive(result, image, SAMPLE_FLOAT, outputs, image->size);
    if (status)
        return status;
    status = allocate_buffers(&buffers, t, image, outputs);
    for (int member = 0; member < e->count && !status; member++)
        status = add_windows(e, member, t, image, &buffers, result->data);
    free_buffers(&buffers);
    if (!status)
        status = tiling_divide(t, outputs, e->count * (e->flips ? SUBSETS : 1), result->data);
    if (status)
        record_free(result);
    return status;
}

static int segment_whole(struct ensemble *e, struct record *image, struct record *result)
{
    return e->count == 1 && !e->flips ? segment_pass(e->network, image, result)
                                      : segment_mean(e, image, result);
}

/* Of a spacing: what a network that has seen no other is not made for. */
static const double FAR_SHARE = 0.5;

static void warn_of_spacing(const struct ensemble *e, const struct record *image)
{
    char text[SPACING_TEXT_SIZE];
    double known[3], own[3];
    if (!ensemble_says_spacing(e) || ensemble_spacing(e, known) || !spacing_differs(image, known, FAR_SHARE))
        return;
    record_spacing(image, own);
    spacing_print(own, text);
    warn("case %s: its voxels of %s mm are far from the %s that the network was trained on", image->case_name,
         text, e->members[0].training.spacing);
}

int ensemble_segment(struct ensemble *e, struct record *image, struct record *result)
{
    warn_of_spacing(e, image);
    const struct label_scheme *scheme = ensemble_scheme(e);
    struct tiling tiling;
    int status = channels_arrange(image, scheme, e->members[0].architecture.inputs, e->fill_missing);
    if (!status)
        status = record_make_float(image);
    if (!status)
        status = tiling_make(&tiling, &e->windows, image->size);
    if (status)
        return status;
    status = tiling_count(&tiling) == 1 ? segment_whole(e, image, result)
                                        : segment_by_windows(e, &tiling, image, result);
    tiling_free(&tiling);
    return status ? status : segment_name_regions(result, scheme);
}
