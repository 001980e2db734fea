#include "lib/wild/wild.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/random.h"
#include "lib/wild/acquisition.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double extent[3] = {160, 192, 160}; /* mm */
enum { SIZE_MULTIPLE = 16 };

static const float outside_reach = 4; /* mm beyond the mask that blur can bring in */

void wild_size(double spacing, int size[3])
{
    for (int i = 0; i < 3; i++)
        size[i] = (int)ceil(extent[i] / spacing / SIZE_MULTIPLE - 1e-9) * SIZE_MULTIPLE;
}

int wild_draw(struct wild_head *head, const struct atlas *atlas, uint64_t seed, int number)
{
    memset(head, 0, sizeof *head);
    head->key = random_key_number(random_key(seed, "wild"), (uint64_t)number);
    int status = pose_draw(random_key(head->key, "pose"), atlas, &head->pose);
    if (status)
        return status;
    uint64_t key = random_key(head->key, "lesion");
    tissues_draw(random_key(head->key, "tissues"), &head->tissues);
    distractors_draw(random_key(head->key, "distractors"), &head->distractors);
    head->lesions = lesions_draw(key, atlas, &head->pose, &head->tissues, head->lesion);
    for (int i = 0; i < head->lesions; i++) {
        struct push push = lesion_push(key, i, &head->lesion[i]);
        if (push.strength > 0)
            head->pose.push[head->pose.pushes++] = push;
    }
    return STATUS_OK;
}

void wild_free(struct wild_head *head)
{
    pose_free(&head->pose);
}

/* What a head is painted with and onto. */
struct painting {
    const struct atlas *atlas;
    const struct wild_head *head;
    struct wild_grid grid;
    modal *bias;           /* a coarse field */
    float *levels[4];      /* (D, H, W) a modality */
    uint8_t *mask, *label; /* (D, H, W) */
    struct acquisition_scratch scratch;
};

/* One voxel; false where it can be seen in no image. */
static bool paint_voxel(const struct painting *p, struct site *site, modal *v, uint8_t *mask, uint8_t *label)
{
    const struct wild_head *head = p->head;
    const float *lattice = p->atlas->lattice;
    float sinus;
    pose_at(&head->pose, site->head, site->mm);
    if (!atlas_at(p->atlas, site->mm, &site->at) || (site->at.depth < -10 && site->at.hull < -4))
        return false;
    enum place place = distractors_place(&head->distractors, lattice, site, &sinus);
    if (place == PLACE_OUTSIDE && site->edge < -outside_reach)
        return false;
    tissues_mix(&head->tissues, lattice, site);
    *v = place == PLACE_BRAIN || place == PLACE_SINUS ? tissues_level(&head->tissues, site) : (modal){0};
    *v = distractors_paint(&head->distractors, &head->tissues, lattice, site, place, sinus, *v);
    *mask = place != PLACE_OUTSIDE;
    if (place == PLACE_BRAIN) {
        for (int i = 0; i < head->lesions; i++)
            *v = lesion_paint(&head->lesion[i], lattice, site, *v, label);
        if (!*label)
            *v = distractors_flair(&head->distractors, &head->tissues, lattice, site, *v);
    }
    *v *= coarse_at(p->bias, site->head);
    return true;
}

static void paint_slice(const struct painting *p, int z)
{
    const int *size = p->grid.size;
    const float spacing = (float)p->grid.spacing;
    size_t at = (size_t)z * size[0] * size[1];
    struct site site = {.head = {[2] = ((float)z - 0.5f * (float)(size[2] - 1)) * spacing}};
    for (int y = 0; y < size[1]; y++) {
        site.head[1] = ((float)y - 0.5f * (float)(size[1] - 1)) * spacing;
        for (int x = 0; x < size[0]; x++, at++) {
            modal v = {0};
            site.head[0] = ((float)x - 0.5f * (float)(size[0] - 1)) * spacing;
            if (paint_voxel(p, &site, &v, &p->mask[at], &p->label[at]))
                for (int m = 0; m < 4; m++)
                    p->levels[m][at] = v[m] > 0 ? v[m] : 0;
        }
    }
}

static int painting_open(struct painting *p, const struct phantom *phantom)
{
    size_t voxels = grid_voxels(phantom->size);
    bool all = (p->bias = calloc(COARSE_NODES * COARSE_NODES * COARSE_NODES, sizeof *p->bias)) != NULL;
    all = (p->mask = calloc(voxels, 1)) && all;
    all = (p->scratch.a = malloc(voxels * sizeof(float))) && all;
    all = (p->scratch.b = malloc(voxels * sizeof(float))) && all;
    for (int m = 0; m < 4; m++)
        all = (p->levels[m] = calloc(voxels, sizeof(float))) && all;
    p->label = phantom->label;
    memcpy(p->grid.size, phantom->size, sizeof p->grid.size);
    p->grid.spacing = phantom->spacing;
    return all ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

static void painting_close(struct painting *p)
{
    for (int m = 0; m < 4; m++)
        free(p->levels[m]);
    free(p->bias);
    free(p->mask);
    free(p->scratch.a);
    free(p->scratch.b);
}

static int paint(struct painting *p, struct phantom *phantom)
{
    int status = painting_open(p, phantom);
    if (!status)
        status = bias_draw(random_key(p->head->key, "bias"), p->bias);
    if (status)
        return status;
#pragma omp parallel for schedule(dynamic)
    for (int z = 0; z < phantom->size[2]; z++)
        paint_slice(p, z);
    for (int m = 0; m < 4 && !status; m++)
        status = acquire(p->head->key, m, &p->grid, p->mask, p->levels[m], &p->scratch, phantom->image[m]);
    return status;
}

int wild_paint(const struct wild_head *head, const struct atlas *atlas, struct phantom *phantom)
{
    struct painting painting = {.atlas = atlas, .head = head};
    int status = paint(&painting, phantom);
    painting_close(&painting);
    return status;
}

int wild_make(struct phantom *phantom, const struct atlas *atlas, uint64_t seed, int number,
              const int size[3], double spacing)
{
    struct wild_head head;
    int status = phantom_allocate(phantom, size, spacing);
    if (status)
        return status;
    if (!(status = wild_draw(&head, atlas, seed, number)))
        status = wild_paint(&head, atlas, phantom);
    wild_free(&head);
    if (status)
        phantom_free(phantom);
    return status;
}
