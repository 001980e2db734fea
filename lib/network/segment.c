#include "lib/network/segment.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/network/backend_choice.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "lib/volume/channels.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* One pass: the image is released before the network works. */
static int segment_once(struct network *n, struct record *image, struct record *result)
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

/* A network of another number of outputs has regions that nobody knows. */
static int name_regions(struct record *result, const struct label_scheme *scheme)
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
        status = segment_once(n, image, result);
    return status ? status : name_regions(result, scheme);
}

/* The mean of several passes -------------------------------------------------------------------------- */

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
    const struct label_scheme *scheme = checkpoint_scheme(&e->members[0]);
    char names[NAME_LIST_SIZE], own_names[NAME_LIST_SIZE];
    if (own->inputs != first->inputs || own->outputs != first->outputs)
        return fail(STATUS_DATA, "%s has %d inputs and %d outputs, %s has %d and %d", e->paths[0],
                    first->inputs, first->outputs, path, own->inputs, own->outputs);
    modality_names(scheme, names);
    modality_names(checkpoint_scheme(member), own_names);
    return !strcmp(names, own_names) && scheme_same_regions(scheme, checkpoint_scheme(member))
               ? STATUS_OK
               : fail(STATUS_DATA, "%s is of scheme %s, %s of %s", e->paths[0], scheme->name, path,
                      checkpoint_scheme(member)->name);
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
    network_close(e->network);
    for (int i = 0; i < e->count; i++)
        checkpoint_close(&e->members[i]);
    free(e->members);
    free(e);
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
    return e->count == 1 && !e->flips ? segment_once(e->network, image, result)
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
    return status ? status : name_regions(result, scheme);
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
