#include "lib/volume/phantom.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/base/random.h"
#include "lib/volume/anatomy.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Mean intensities, relative to the gain of the modality. */
static const double contrast[MODALITIES][TISSUES] = {
    /* none, CSF, grey, white, vessel, gliosis, oedema, enhancing, core */
    {0, 0.45, 0.85, 1.10, 0.80, 0.95, 0.82, 0.80, 0.62}, /* t1 */
    {0, 0.45, 0.88, 1.10, 1.55, 0.95, 0.84, 1.55, 0.64}, /* t1ce */
    {0, 1.75, 1.05, 0.80, 0.80, 0.95, 1.45, 1.35, 1.60}, /* t2 */
    {0, 0.40, 1.05, 0.85, 0.80, 1.40, 1.38, 1.22, 0.98}, /* flair */
};

static const double contrast_spread = 0.05; /* of a tissue's mean from case to case */
static const double texture_spread = 0.05;  /* within a tissue, smooth */
static const double noise_spread = 0.05;    /* within a tissue, from voxel to voxel */
static const double bias_spread = 0.22;     /* of the logarithm of the coil's sensitivity, at its extremes */

/* Where the brain lies in the volume. */
struct head {
    double centre[3], half[3]; /* voxels */
    double sine, cosine;       /* of the head's rotation about z */
};

static double draw(uint64_t key, const char *what, double low, double high)
{
    return low + (high - low) * random_uniform(random_key(key, what), 0);
}

static struct head draw_head(uint64_t key, const int size[3])
{
    static const double share[3] = {0.30, 0.37, 0.39}; /* of the half-axes in the size, as in BraTS */
    double angle = draw(key, "head angle", -0.1, 0.1);
    struct head head = {.sine = sin(angle), .cosine = cos(angle)};
    for (int axis = 0; axis < 3; axis++) {
        uint64_t own = random_key_number(key, (uint64_t)axis);
        head.half[axis] = share[axis] * size[axis] * draw(own, "head size", 0.94, 1.03);
        head.centre[axis] = 0.5 * (size[axis] - 1) + 0.02 * size[axis] * draw(own, "head place", -1, 1);
    }
    return head;
}

/* Voxel to the anatomy's coordinates. */
static void head_point(const struct head *head, int x, int y, int z, double p[3])
{
    double u = x - head->centre[0], v = y - head->centre[1];
    p[0] = (head->cosine * u + head->sine * v) / head->half[0];
    p[1] = (head->cosine * v - head->sine * u) / head->half[1];
    p[2] = (z - head->centre[2]) / head->half[2];
}

static void paint_tissues(const struct anatomy *anatomy, const struct head *head, const int size[3],
                          uint8_t *tissues)
{
#pragma omp parallel for schedule(dynamic)
    for (int z = 0; z < size[2]; z++) {
        uint8_t *to = tissues + (size_t)z * size[1] * size[0];
        for (int y = 0; y < size[1]; y++)
            for (int x = 0; x < size[0]; x++) {
                double p[3];
                head_point(head, x, y, z, p);
                *to++ = (uint8_t)tissue_at(anatomy, p);
            }
    }
}

/* The scanner's point spread, (1 2 1) / 4 along one axis of the volume; a line starts at every voxel whose
 * coordinate on that axis is 0. The ends see 0 beyond them. */
static void blur_axis(float *volume, size_t count, size_t stride, int n)
{
    size_t slab = stride * (size_t)n;
#pragma omp parallel for
    for (size_t line = 0; line < count / (size_t)n; line++) {
        float *v = volume + line / stride * slab + line % stride;
        float before = 0;
        for (int i = 0; i < n; i++, v += stride) {
            float here = *v, after = i + 1 < n ? v[stride] : 0;
            *v = 0.25f * before + 0.5f * here + 0.25f * after;
            before = here;
        }
    }
}

static void blur(float *volume, const int size[3])
{
    size_t row = (size_t)size[0], slice = row * (size_t)size[1], count = slice * (size_t)size[2];
    blur_axis(volume, count, 1, size[0]);
    blur_axis(volume, count, row, size[1]);
    blur_axis(volume, count, slice, size[2]);
}

/* One modality of a case: gain, contrast of each tissue, and fields. */
struct appearance {
    double level[TISSUES];
    double gain;
    struct noise bias, texture;
    uint64_t noise_key;
};

static int draw_appearance(struct appearance *a, uint64_t key, int modality)
{
    key = random_key(key, modalities[modality].name);
    a->gain = draw(key, "gain", 250, 900);
    for (int t = 0; t < TISSUES; t++)
        a->level[t] =
            contrast[modality][t] * (1 + contrast_spread * random_normal(random_key(key, "contrast"), t));
    a->noise_key = random_key(key, "noise");
    a->texture.values = NULL;
    int status = noise_make(&a->bias, random_key(key, "bias"), 3);
    return status ? status : noise_make(&a->texture, random_key(key, "texture"), 24);
}

static int16_t intensity(const struct appearance *a, double level, const double p[3], size_t voxel)
{
    double texture = 1 + texture_spread * noise_at(&a->texture, p);
    double noise = noise_spread * random_normal(a->noise_key, voxel);
    double value = a->gain * exp(bias_spread * noise_at(&a->bias, p)) * (level * texture + noise);
    return (int16_t)lrint(double_clamp(value, 1, INT16_MAX));
}

/* scratch: as many floats as there are voxels. */
static void paint_modality(const struct appearance *a, const struct head *head, const uint8_t *tissues,
                           const int size[3], float *scratch, int16_t *image)
{
    size_t slice = (size_t)size[0] * size[1], count = slice * (size_t)size[2];
    for (size_t i = 0; i < count; i++)
        scratch[i] = (float)a->level[tissues[i]];
    blur(scratch, size);
#pragma omp parallel for schedule(dynamic)
    for (int z = 0; z < size[2]; z++)
        for (size_t i = 0; i < slice; i++) {
            size_t voxel = (size_t)z * slice + i;
            double p[3];
            head_point(head, (int)(i % size[0]), (int)(i / size[0]), z, p);
            image[voxel] = tissues[voxel] == TISSUE_NONE ? 0 : intensity(a, scratch[voxel], p, voxel);
        }
}

int phantom_allocate(struct phantom *phantom, const int size[3], double spacing)
{
    size_t voxels = grid_voxels(size);
    *phantom = (struct phantom){.spacing = spacing};
    memcpy(phantom->size, size, sizeof phantom->size);
    bool all = (phantom->label = calloc(voxels, 1)) != NULL;
    for (int m = 0; m < MODALITIES; m++)
        all = (phantom->image[m] = malloc(voxels * sizeof *phantom->image[m])) && all;
    if (all)
        return STATUS_OK;
    phantom_free(phantom);
    return fail(STATUS_FAILURE, "out of memory");
}

static int paint(struct phantom *phantom, uint64_t key, const struct head *head, float *scratch)
{
    struct anatomy anatomy;
    int status = anatomy_make(&anatomy, random_key(key, "anatomy"), head->half);
    if (status)
        return status;
    paint_tissues(&anatomy, head, phantom->size,
                  phantom->label); /* its label array has tissues until the end */
    anatomy_free(&anatomy);
    for (int m = 0; m < MODALITIES && !status; m++) {
        struct appearance appearance;
        if (!(status = draw_appearance(&appearance, key, m)))
            paint_modality(&appearance, head, phantom->label, phantom->size, scratch, phantom->image[m]);
        noise_free(&appearance.bias);
        noise_free(&appearance.texture);
    }
    return status;
}

int phantom_make(struct phantom *phantom, uint64_t seed, int number, const int size[3])
{
    size_t voxels = grid_voxels(size);
    uint64_t key = random_key_number(random_key(seed, "phantom"), (uint64_t)number);
    struct head head = draw_head(key, size);
    int status = phantom_allocate(phantom, size, 1);
    if (status)
        return status;
    float *scratch = malloc(voxels * sizeof *scratch);
    status = scratch ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    if (!status)
        status = paint(phantom, key, &head, scratch);
    free(scratch);
    for (size_t i = 0; i < voxels && !status; i++)
        phantom->label[i] = tissue_label(phantom->label[i]);
    if (status)
        phantom_free(phantom);
    return status;
}

void phantom_free(struct phantom *phantom)
{
    for (int m = 0; m < MODALITIES; m++)
        free(phantom->image[m]);
    free(phantom->label);
    *phantom = (struct phantom){0};
}
