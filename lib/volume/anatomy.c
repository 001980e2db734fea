#include "lib/volume/anatomy.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/volume/labels.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

static double draw(uint64_t key, const char *what, double low, double high)
{
    return low + (high - low) * random_uniform(random_key(key, what), 0);
}

/* The tumour's centre lies off the midline, in the white matter of either half. */
static struct tumour draw_tumour(uint64_t key)
{
    struct tumour t;
    double side = draw(key, "tumour side", -1, 1) < 0 ? -1 : 1;
    t.centre[0] = side * draw(key, "tumour x", 0.32, 0.55);
    t.centre[1] = draw(key, "tumour y", -0.45, 0.45);
    t.centre[2] = draw(key, "tumour z", -0.25, 0.45);
    t.oedema = draw(key, "oedema radius", 0.33, 0.45);
    t.rim = t.oedema * draw(key, "rim radius", 0.66, 0.82);
    t.core = t.rim * draw(key, "core radius", 0.50, 0.68);
    return t;
}

int anatomy_make(struct anatomy *anatomy, uint64_t key, const double half[3])
{
    static const int cells[NOISES] = {5, 14, 10, 8, 11, 12};
    *anatomy = (struct anatomy){.aspect = {half[0] / half[1], 1, half[2] / half[1]},
                                .ventricles = draw(key, "ventricles", 0.85, 1.3),
                                .gliosis = draw(key, "gliosis", 0.07, 0.20),
                                .tumour = draw_tumour(key)};
    int status = STATUS_OK;
    for (int i = 0; i < NOISES && !status; i++)
        status = noise_make(&anatomy->noise[i], random_key_number(random_key(key, "shape"), (uint64_t)i),
                            cells[i]);
    if (status)
        anatomy_free(anatomy);
    return status;
}

void anatomy_free(struct anatomy *anatomy)
{
    for (int i = 0; i < NOISES; i++)
        noise_free(&anatomy->noise[i]);
}

static double length(const double v[3])
{
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* Squared radius in an ellipsoid: below 1 is inside. */
static double ellipsoid(double x, double y, double z, double a, double b, double c)
{
    return (x / a) * (x / a) + (y / b) * (y / b) + (z / c) * (z / c);
}

/* The lateral ventricles bow outwards to the back; the third lies between them. */
static double ventricle_radius(const struct anatomy *a, const double p[3])
{
    double s = a->ventricles, x = fabs(p[0]) - 0.13 - 0.22 * p[1] * p[1];
    double lateral = ellipsoid(x, p[1], p[2] - 0.12, 0.10 * s, 0.48 * s, 0.19 * s);
    double third = ellipsoid(p[0], p[1], p[2] + 0.1, 0.04 * s, 0.18 * s, 0.16 * s);
    return fmin(lateral, third);
}

/* CSF between the halves, towards the surface. */
static bool in_fissure(const double p[3], double depth)
{
    return fabs(p[0]) < 0.03 && depth < 0.45 && p[2] > -0.3;
}

static bool in_deep_grey(const double p[3])
{
    double x = fabs(p[0]);
    return ellipsoid(x - 0.30, p[1] + 0.05, p[2] - 0.02, 0.10, 0.22, 0.17) < 1 ||
           ellipsoid(x - 0.17, p[1] - 0.12, p[2] + 0.05, 0.10, 0.16, 0.14) < 1;
}

/* The tissue of a healthy head; depth: from the surface, 1 in the middle. */
static enum tissue healthy_tissue(const struct anatomy *a, const double p[3], double depth)
{
    double fold = fabs(noise_at(&a->noise[NOISE_FOLDS], p));
    double ventricle = ventricle_radius(a, p);
    if (ventricle < 1 || in_fissure(p, depth))
        return TISSUE_CSF;
    if (fold < 0.10 && fabs(noise_at(&a->noise[NOISE_VESSELS], p)) < 0.16)
        return TISSUE_VESSEL;
    if (depth < 0.035 || (fold < 0.13 && depth < 0.26))
        return TISSUE_CSF;
    if (depth < 0.12 || (fold < 0.36 && depth < 0.36) || in_deep_grey(p))
        return TISSUE_GREY;
    double gliosis = noise_at(&a->noise[NOISE_GLIOSIS], p);
    if (gliosis > a->gliosis || (ventricle < 1.9 && gliosis > -0.25))
        return TISSUE_GLIOSIS;
    return TISSUE_WHITE;
}

enum tissue tissue_at(const struct anatomy *a, const double p[3])
{
    double depth = 1 - length(p) * (1 + 0.06 * noise_at(&a->noise[NOISE_SURFACE], p));
    if (depth < 0)
        return TISSUE_NONE;
    const struct tumour *t = &a->tumour;
    double from[3];
    for (int axis = 0; axis < 3; axis++)
        from[axis] = (p[axis] - t->centre[axis]) * a->aspect[axis];
    double distance = length(from);
    enum tissue healthy = healthy_tissue(a, p, depth);
    if (distance > 1.6 * t->oedema || depth < 0.03)
        return healthy;
    double tumour = distance * (1 + 0.35 * noise_at(&a->noise[NOISE_TUMOUR], p));
    if (tumour < t->rim)
        return tumour < t->core ? TISSUE_CORE : TISSUE_ENHANCING;
    double oedema = distance * (1 + 0.45 * noise_at(&a->noise[NOISE_OEDEMA], p));
    return oedema < t->oedema && healthy != TISSUE_CSF ? TISSUE_OEDEMA : healthy;
}

uint8_t tissue_label(enum tissue tissue)
{
    switch (tissue) {
    case TISSUE_CORE:
        return LABEL_CORE;
    case TISSUE_OEDEMA:
        return LABEL_OEDEMA;
    case TISSUE_ENHANCING:
        return LABEL_ENHANCING;
    default:
        return LABEL_BACKGROUND;
    }
}
