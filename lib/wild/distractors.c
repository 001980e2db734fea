#include "lib/wild/distractors.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"

static const char *const names[STRUCTURES] = {
    "surface", "residue",        "holes",  "base", "base fine",          "gliosis",
    "vessels", "vessels across", "plexus", "dura", "transverse sinuses", "flow",
    "floor"};

/* mm a cell of each structure's field; gliosis has its own. */
static const double scales[STRUCTURES] = {6, 5, 7, 7, 4, 0, 3.5, 3.5, 2.5, 9, 5, 4, 9};

static const float beyond = 1000; /* mm: no head is there */

/* How strong a structure is; 0 where a head has none. */
static float strength(uint64_t key, enum property has)
{
    return drawn(key, has) ? (float)draw(random_key(key, properties[has].name), STRENGTH) : 0;
}

static float value_if(uint64_t key, enum property has, enum property value)
{
    return drawn(key, has) ? (float)draw(key, value) : 0;
}

static void draw_mask(uint64_t key, struct distractors *d)
{
    d->mask_shift = (float)draw(key, MASK_SHIFT);
    d->mask_roughness = (float)draw(key, MASK_ROUGHNESS);
    d->bottom = drawn(key, CUT_BELOW) ? (float)draw(key, CUT_BELOW_AT) : -beyond;
    d->top = drawn(key, CUT_ABOVE) ? (float)draw(key, CUT_ABOVE_AT) : beyond;
    d->residue = drawn(key, HAS_RESIDUE);
    d->residue_level = (float)draw(key, RESIDUE_LEVEL);
    d->residue_reach = (float)draw(key, RESIDUE_REACH);
    d->hole_depth = value_if(key, HAS_HOLES, HOLE_DEPTH);
    d->base = drawn(key, HAS_BASE);
    d->base_reach = (float)draw(key, BASE_REACH);
    d->base_top = (float)draw(key, BASE_TOP);
    d->base_vessels = (float)draw(key, BASE_VESSELS);
}

static void draw_vessels(uint64_t key, struct distractors *d)
{
    d->vessels = strength(key, HAS_VESSELS);
    d->vessel_width = (float)draw(key, VESSEL_WIDTH);
    d->falx = strength(key, HAS_FALX);
    d->falx_width = (float)draw(key, FALX_WIDTH);
    d->plexus = strength(key, HAS_PLEXUS);
    d->dura = strength(key, HAS_DURA);
    d->transverse = strength(key, HAS_TRANSVERSE_SINUS);
    d->sagittal = strength(key, HAS_SAGITTAL_SINUS);
    d->sagittal_width = (float)draw(key, SINUS_WIDTH);
    d->sagittal_depth = (float)draw(key, SINUS_DEPTH);
    d->straight = strength(key, HAS_STRAIGHT_SINUS);
    d->straight_width = (float)draw(key, STRAIGHT_WIDTH);
}

static void draw_brightness(uint64_t key, struct distractors *d)
{
    d->gliosis = drawn(key, HAS_GLIOSIS);
    d->gliosis_rarity = (float)draw(key, GLIOSIS_RARITY);
    d->caps = value_if(key, HAS_CAPS, CAP_WIDTH);
    d->flow = value_if(key, HAS_FLOW, FLOW_LEVEL);
    d->flow_rarity = (float)draw(key, FLOW_RARITY);
    d->floor = value_if(key, HAS_BRIGHT_FLOOR, FLOOR_LEVEL);
    d->floor_rarity = (float)draw(key, FLOOR_RARITY);
    d->calcified = strength(key, HAS_CALCIFICATION);
    for (int m = 0; m < 4 && drawn(key, HAS_CEREBELLUM); m++)
        d->cerebellum[m] = (float)draw(random_key_number(key, (uint64_t)m), CEREBELLUM_LEVEL);
    d->infarct_radius = value_if(key, HAS_INFARCT, INFARCT_RADIUS);
    static const float reach[3] = {50, 65, 45};
    for (int i = 0; i < 3; i++)
        d->infarct[i] = reach[i] * (float)(2 * random_uniform(random_key(key, "infarct"), (uint64_t)i) - 1);
}

void distractors_draw(uint64_t key, struct distractors *d)
{
    *d = (struct distractors){0};
    for (int i = 0; i < STRUCTURES; i++)
        d->texture[i] =
            texture_draw(key, names[i], i == STRUCTURE_GLIOSIS ? draw(key, GLIOSIS_SCALE) : scales[i]);
    draw_mask(key, d);
    draw_vessels(key, d);
    draw_brightness(key, d);
}

static float field(const struct distractors *d, const float *lattice, enum structure structure,
                   const struct site *s)
{
    return texture_at(lattice, &d->texture[structure], s->head);
}

/* The sagittal sinus: over the midline, behind and above. */
static float sagittal_at(const struct distractors *d, const struct site *s)
{
    float side = fabsf(s->mm[0]);
    if (!d->sagittal || side >= d->sagittal_width || s->at.hull >= 7 || s->at.hull <= -d->sagittal_depth ||
        s->edge >= 6 || (s->mm[1] >= -59 && s->mm[2] <= 53))
        return 0;
    float width = d->sagittal_width * (1 - fmaxf(s->at.hull, 0) / 7);
    return d->sagittal * ramp((width - side) * 0.7f) * ramp(0.75f + 0.6f * s->roughness);
}

enum place distractors_place(const struct distractors *d, const float *lattice, struct site *s, float *sinus)
{
    s->roughness = field(d, lattice, STRUCTURE_SURFACE, s);
    s->edge = s->at.depth + d->mask_shift + d->mask_roughness * s->roughness;
    if (d->hole_depth > 0 && s->edge > 0 && s->edge < d->hole_depth)
        if (field(d, lattice, STRUCTURE_HOLES, s) > 1.2f + s->edge / d->hole_depth)
            s->edge = -0.1f;
    *sinus = sagittal_at(d, s);
    if (s->head[2] < d->bottom || s->head[2] > d->top)
        return PLACE_OUTSIDE;
    if (s->edge > 0)
        return PLACE_BRAIN;
    if (*sinus > 0.2f)
        return PLACE_SINUS;
    if (d->base && s->at.hull + d->base_reach + d->mask_roughness * s->roughness > 0 &&
        s->mm[2] < d->base_top)
        return PLACE_BASE;
    if (d->residue && s->edge > -d->residue_reach &&
        field(d, lattice, STRUCTURE_RESIDUE, s) > d->residue_level)
        return PLACE_RESIDUE;
    return PLACE_OUTSIDE;
}

/* Between the brain's lobes at the skull's base: bone, fluid, vessels, fat. */
static modal base_level(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                        const struct site *s)
{
    float coarse = field(d, lattice, STRUCTURE_BASE, s), fine = field(d, lattice, STRUCTURE_BASE_FINE, s);
    enum wild_tissue t = coarse < 0.4f ? WILD_BONE : fine < 0 ? WILD_CSF : WILD_FAT;
    if (fine > d->base_vessels)
        t = WILD_VESSEL;
    return tissues->level[t] * (1 + 0.25f * s->texture[1]);
}

/* Lesions of the white matter, caps about the ventricles, an old infarct. */
static modal paint_gliosis(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                           const struct site *s, modal v)
{
    const modal gliosis = tissues->level[WILD_GLIOSIS];
    if (d->gliosis && s->white > 0.4f)
        v = blend(v, gliosis,
                  ramp((field(d, lattice, STRUCTURE_GLIOSIS, s) - d->gliosis_rarity) * 3) * s->white);
    if (d->caps > 0 && s->ventricle < d->caps + 1 && s->ventricle > 0.5f && s->white > 0.2f)
        v = blend(v, gliosis,
                  ramp(ramp((d->caps + 1 - s->ventricle) / 2) * s->white * (0.6f + 0.4f * s->texture[1])));
    if (d->infarct_radius > 0) {
        float x = s->head[0] - d->infarct[0], y = s->head[1] - d->infarct[1], z = s->head[2] - d->infarct[2];
        float r = sqrtf(x * x + y * y + z * z) * (1 + 0.25f * s->roughness);
        v = blend(v, gliosis, ramp((d->infarct_radius + 3 - r) / 3) * (1 - s->csf));
        v = blend(v, tissues->level[WILD_CSF], ramp((d->infarct_radius - r) / 2));
    }
    return v;
}

/* Vessels in sulci, the falx, the choroid plexus. */
static modal paint_vessels(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                           const struct site *s, modal v)
{
    const modal vessel = tissues->level[WILD_VESSEL];
    if (d->vessels > 0 && s->csf > 0.15f && s->ventricle > 4) {
        float a = field(d, lattice, STRUCTURE_VESSELS, s), b = field(d, lattice, STRUCTURE_VESSELS_ACROSS, s);
        v = blend(v, vessel, ramp(1.6f - 1.6f * sqrtf(a * a + b * b) / d->vessel_width) * d->vessels);
    }
    if (d->falx > 0 && fabsf(s->mm[0]) < d->falx_width && s->csf > 0.25f && s->at.depth < 16 &&
        (s->mm[1] < -74 || s->mm[2] > 46))
        v = blend(v, vessel, d->falx);
    if (s->ventricle < 1.2f && (d->plexus > 0 || d->calcified > 0)) {
        float share = ramp((field(d, lattice, STRUCTURE_PLEXUS, s) - 0.7f) * 3);
        v = blend(v, tissues->level[WILD_PLEXUS], share * d->plexus);
        v = blend(v, tissues->level[WILD_BONE], ramp(share * 3 - 2) * d->calcified);
    }
    return v;
}

/* Transverse sinuses, dura on the surface, the great vein and the straight sinus behind it. */
static modal paint_dura(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                        const struct site *s, modal v)
{
    if (d->transverse > 0 && s->edge < 5 && s->mm[1] < -64 && s->mm[2] < 3 && s->mm[2] > -47 &&
        s->csf > 0.05f) {
        float along = ramp(3 - fabsf(s->mm[2] + 26 - 3 * s->roughness) * 0.4f);
        v = blend(v, tissues->level[WILD_VESSEL],
                  ramp((field(d, lattice, STRUCTURE_TRANSVERSE, s) + 0.2f) * 3) * d->transverse * along);
    }
    if (d->dura > 0 && s->edge < 2.2f)
        v = blend(v, tissues->level[WILD_DURA],
                  ramp((field(d, lattice, STRUCTURE_DURA, s) - 0.3f) * 2) * d->dura);
    if (d->straight > 0 && fabsf(s->mm[0]) < 4) {
        float t = ramp((-48 - s->mm[1]) / 44), y = s->mm[1] + 48 + 44 * t, z = s->mm[2] - 8 + 14 * t;
        float r = sqrtf(s->mm[0] * s->mm[0] + y * y + z * z);
        v = blend(v, tissues->level[WILD_VESSEL], d->straight * ramp((d->straight_width - r) * 0.8f));
    }
    return v;
}

modal distractors_paint(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                        const struct site *s, enum place place, float sinus, modal v)
{
    switch (place) {
    case PLACE_BASE:
        v = base_level(d, tissues, lattice, s);
        break;
    case PLACE_RESIDUE:
        v = tissues->level[WILD_DURA] * (1 + 0.2f * s->texture[1]);
        break;
    case PLACE_OUTSIDE: /* fluid, then bone: seen in the mask by blur alone */
        v = tissues->level[s->edge > -1.5f ? WILD_CSF : WILD_BONE];
        break;
    default:
        v = paint_gliosis(d, tissues, lattice, s, v);
        v = paint_vessels(d, tissues, lattice, s, v);
        v = paint_dura(d, tissues, lattice, s, v);
    }
    v = blend(v, tissues->level[WILD_VESSEL], sinus);
    float cerebellum = ramp((-8 - s->mm[2]) / 10) * ramp((-30 - s->mm[1]) / 12);
    return v * (1 + cerebellum * d->cerebellum);
}

modal distractors_flair(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                        const struct site *s, modal v)
{
    if (d->flow > 0 && s->in_ventricle > 0.5f && s->csf > 0.5f)
        v[FLAIR] += d->flow * tissues->level[WILD_GREY][FLAIR] *
                    ramp((field(d, lattice, STRUCTURE_FLOW, s) - d->flow_rarity) * 0.8f);
    float below = 26 - s->mm[2]; /* mm below the brain's middle */
    if (d->floor > 0 && below > 0)
        v[FLAIR] *= 1 + d->floor * ramp((14 - s->at.depth) / 14) * ramp(below / 25) *
                            ramp((field(d, lattice, STRUCTURE_FLOOR, s) - d->floor_rarity) * 0.7f);
    return v;
}
