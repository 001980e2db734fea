#include "lib/wild/lesions.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"
#include <string.h>

static float value(uint64_t key, enum property property)
{
    return (float)draw(key, property);
}

/* The radius in mm of a ball of some cm3. */
static float ball_radius(double volume)
{
    return (float)(10 * exact_exp(exact_log(volume * 0.238732) / 3)); /* 3 / (4 pi) */
}

/* --- size --------------------------------------------------------------------------------------------- */

/* first: the key of the head's first lesion. */
static double draw_volume(uint64_t key, uint64_t first)
{
    bool small = drawn(first, TUMOUR_SMALL) || (key != first && drawn(key, SATELLITE));
    return fmin(draw(key, small ? SMALL_VOLUME : LARGE_VOLUME), draw(key, VOLUME_MOST));
}

/* Volume of the core as a share of the whole; 1 and more: there is no oedema. */
static double draw_core_share(uint64_t key, enum lesion_kind kind, double volume)
{
    if (kind == LESION_OEDEMA)
        return 0;
    if (kind == LESION_SPOT)
        return fmin(0.5, draw(key, SPOT_VOLUME) / volume);
    if (drawn(key, OEDEMA_ABSENT))
        return 1;
    if (drawn(key, OEDEMA_THIN))
        return draw(key, CORE_SHARE_THIN);
    return draw(key, kind == LESION_HOMOGENEOUS ? CORE_SHARE_WHOLE : CORE_SHARE);
}

static const double thin = 0.8; /* share of core above which oedema is a rim about it */

static void draw_size(uint64_t key, uint64_t first, struct lesion *l)
{
    double volume = draw_volume(key, first), share = draw_core_share(key, l->kind, volume);
    l->follows_core = share > thin;
    l->oedema.radius = share < 1 ? ball_radius(volume) : 0;
    l->core.radius = share > 0 ? ball_radius(volume * fmin(share, 1)) : 0;
}

/* --- place -------------------------------------------------------------------------------------------- */

/* A centre in the brain, mostly in its upper part and in white matter. */
static void draw_centre(uint64_t key, const struct atlas *atlas, const struct pose *pose, float centre[3])
{
    static const double reach[3] = {58, 78, 62};
    for (uint64_t attempt = 0; attempt < 200; attempt++) {
        uint64_t own = random_key_number(random_key(key, "centre"), attempt);
        struct atlas_point at;
        float mm[3];
        for (int i = 0; i < 3; i++)
            centre[i] = (float)(reach[i] * (2 * random_uniform(own, (uint64_t)i) - 1));
        pose_affine(pose, centre, mm);
        bool inside = atlas_at(atlas, mm, &at) && at.depth > draw(own, CENTRE_DEPTH);
        if (inside && (at.white > 0.5f || drawn(own, IN_GREY)) && (mm[2] >= -27 || drawn(own, IN_LOWER)))
            return;
    }
}

static void draw_axes(uint64_t key, float axes[3][3])
{
    double q[4], length = 0;
    for (int i = 0; i < 4; i++) {
        q[i] = exact_normal(random_key(key, "axes"), (uint64_t)i);
        length += q[i] * q[i];
    }
    double n = 2 / (length + 1e-12), a = q[0], b = q[1], c = q[2], d = q[3];
    const double r[3][3] = {{1 - n * (c * c + d * d), n * (b * c - a * d), n * (b * d + a * c)},
                            {n * (b * c + a * d), 1 - n * (b * b + d * d), n * (c * d - a * b)},
                            {n * (b * d - a * c), n * (c * d + a * b), 1 - n * (b * b + c * c)}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            axes[i][j] = (float)(r[i][j] * exact_exp(draw(random_key_number(key, (uint64_t)i), LESION_AXIS)));
}

/* The core lies off the oedema's middle by a share of what that is larger by. */
static void place_core(uint64_t key, struct lesion *l)
{
    float way[3], length = 1e-3f,
                  offset = value(key, CORE_OFFSET) * fmaxf(0, l->oedema.radius - l->core.radius);
    for (int i = 0; i < 3; i++) {
        way[i] = exact_normal(random_key(key, "core's place"), (uint64_t)i);
        length += way[i] * way[i];
    }
    for (int i = 0; i < 3; i++)
        l->core.centre[i] = l->oedema.centre[i] + way[i] / sqrtf(length) * offset;
}

/* --- form --------------------------------------------------------------------------------------------- */

static void draw_oedema(uint64_t key, struct lesion *l)
{
    bool follows = !drawn(key, INFILTRATES);
    float larger = fmaxf(l->oedema.radius, l->core.radius);
    l->oedema.large = value(key, OEDEMA_FORM_LARGE);
    l->oedema.small = value(key, OEDEMA_FORM_SMALL);
    l->oedema.edge = value(key, OEDEMA_EDGE);
    l->white = follows ? value(key, OEDEMA_WHITE) : 0;
    l->grey = follows ? value(key, OEDEMA_GREY) : 0;
    l->spares = follows ? value(key, OEDEMA_SPARES) : 0;
    l->leaves_csf = drawn(key, OEDEMA_LEAVES_CSF);
    l->oedema_texture = value(key, OEDEMA_TEXTURE);
    l->water = value(key, WATER);
    l->zone_radius = value(key, ZONE_RADIUS) * l->core.radius;
    l->zone_width = value(key, ZONE_EDGE) * larger;
    l->zone = (modal){value(key, ZONE_T1), 0, value(key, ZONE_T2), value(key, ZONE_FLAIR)};
    l->zone[T1CE] = l->zone[T1];
}

static void draw_core(uint64_t key, struct lesion *l)
{
    enum property necrosis = l->kind == LESION_RING    ? NECROSIS_RING
                             : l->kind == LESION_SOLID ? NECROSIS_SOLID
                                                       : NECROSIS_OTHER;
    l->core.large = value(key, l->kind == LESION_HOMOGENEOUS ? CORE_FORM_WHOLE : CORE_FORM_LARGE);
    l->core.small = value(key, CORE_FORM_SMALL);
    l->core.edge = value(key, CORE_EDGE);
    l->necrosis.radius = value(key, necrosis);
    l->necrosis.large = value(key, NECROSIS_FORM_LARGE);
    l->necrosis.small = value(key, NECROSIS_FORM_SMALL);
    l->necrosis.edge = value(key, NECROSIS_EDGE);
    l->honeycomb = l->kind <= LESION_PATCHY && drawn(key, HONEYCOMB);
    l->honeycomb_rarity = value(key, HONEYCOMB_RARITY);
    l->closure = value(key, drawn(key, RIM_OPEN) ? RIM_CLOSURE_OPEN : RIM_CLOSURE);
    l->gap_is_oedema = drawn(key, GAP_IS_OEDEMA);
    l->patches = l->kind == LESION_PATCHY ? value(key, PATCHES) : 0;
    l->specks = l->kind == LESION_SPECKS ? value(key, SPECK_RARITY) : 0;
    l->core_texture = value(key, l->kind == LESION_HOMOGENEOUS ? CORE_TEXTURE_SMOOTH : CORE_TEXTURE);
}

static void draw_fields(uint64_t key, struct lesion *l)
{
    static const char *const names[LESION_FIELDS] = {"oedema",    "oedema fine", "texture",      "core",
                                                     "core fine", "necrosis",    "necrosis fine"};
    float larger = fmaxf(l->oedema.radius, l->core.radius), core = fmaxf(l->core.radius, 1);
    const double scale[LESION_FIELDS] = {
        larger / 4.5, larger / 12, draw(key, LESION_TEXTURE_SCALE), core / 4, core / 11, core / 4, core / 11};
    for (int i = 0; i < LESION_FIELDS; i++)
        l->field[i] = texture_draw(key, names[i], scale[i]);
}

/* --- levels ------------------------------------------------------------------------------------------- */

static modal draw_oedema_level(uint64_t key, const struct tissues *tissues)
{
    const modal grey = tissues->level[WILD_GREY], white = tissues->level[WILD_WHITE];
    modal v = {grey[T1] * value(key, OEDEMA_T1), 0, grey[T2] * value(key, OEDEMA_T2), 0};
    v[T1CE] = v[T1] * value(key, OEDEMA_T1CE);
    v[FLAIR] = fmaxf(grey[FLAIR] * value(key, OEDEMA_FLAIR), white[FLAIR] * value(key, OEDEMA_FLAIR_LEAST));
    return v;
}

static modal draw_necrosis_level(uint64_t key, const struct tissues *tissues, modal oedema)
{
    const modal grey = tissues->level[WILD_GREY];
    bool blood = drawn(key, HAEMORRHAGE);
    modal v = {grey[T1] * value(key, blood ? BLOOD_T1 : NECROSIS_T1), 0,
               grey[T2] * value(key, blood ? BLOOD_T2 : NECROSIS_T2), 0};
    v[T1CE] = v[T1] * value(key, NECROSIS_T1CE);
    v[FLAIR] = drawn(key, NECROSIS_LIKE_OEDEMA) ? oedema[FLAIR] * value(key, NECROSIS_FLAIR)
                                                : grey[FLAIR] * value(key, NECROSIS_FLAIR_CYST);
    return v;
}

static modal draw_enhancing_level(uint64_t key, const struct tissues *tissues, modal oedema)
{
    const modal grey = tissues->level[WILD_GREY], white = tissues->level[WILD_WHITE];
    modal v = {grey[T1] * value(key, ENHANCING_T1), 0, grey[T2] * value(key, ENHANCING_T2),
               oedema[FLAIR] * value(key, ENHANCING_FLAIR)};
    v[T1CE] = tissues->dim
                  ? v[T1] * value(key, ENHANCING_DIM)
                  : fmaxf(white[T1CE] * value(key, ENHANCING_T1CE), v[T1] * value(key, ENHANCING_LEAST));
    return v;
}

static modal draw_solid_level(uint64_t key, const struct tissues *tissues, modal oedema,
                              enum lesion_kind kind)
{
    modal v = {oedema[T1] * value(key, SOLID_T1), 0, oedema[T2] * value(key, SOLID_T2),
               oedema[FLAIR] * value(key, SOLID_FLAIR)};
    v[T1CE] = v[T1] * value(key, SOLID_T1CE);
    if (kind == LESION_HOMOGENEOUS && drawn(key, MISMATCH))
        v[FLAIR] = tissues->level[WILD_GREY][FLAIR] * value(key, MISMATCH_FLAIR);
    return v;
}

static modal spread(uint64_t key, const char *what, modal level)
{
    key = random_key(key, what);
    for (int m = 0; m < 4; m++)
        level[m] *= value(random_key_number(key, (uint64_t)m), LEVEL_SPREAD);
    return level;
}

static void draw_levels(uint64_t key, const struct tissues *tissues, struct lesion *l)
{
    modal oedema = draw_oedema_level(key, tissues), solid = draw_solid_level(key, tissues, oedema, l->kind);
    modal necrosis = draw_necrosis_level(key, tissues, oedema);
    if (l->kind == LESION_HOMOGENEOUS && !drawn(key, CYST))
        necrosis = solid;
    l->blush = value(key, tissues->dim ? BLUSH_DIM : BLUSH);
    l->oedema_level = spread(key, "oedema", oedema);
    l->necrosis_level = spread(key, "necrosis", necrosis);
    l->enhancing_level = spread(key, "enhancing", draw_enhancing_level(key, tissues, oedema));
    l->solid_level = spread(key, "solid", solid);
}

/* --- all ---------------------------------------------------------------------------------------------- */

static int draw_count(uint64_t key)
{
    double u = random_uniform(random_key(key, "lesions"), 0);
    if (drawn(key, NO_LESION))
        return 0;
    for (int count = LESIONS_MAX; count > 1; count--)
        if ((u -= properties[LESIONS_2 + count - 2].a) < 0)
            return count;
    return 1;
}

/* Lesions of one head are mostly of one kind and one look. */
int lesions_draw(uint64_t key, const struct atlas *atlas, const struct pose *pose,
                 const struct tissues *tissues, struct lesion *lesions)
{
    uint64_t first = random_key_number(key, 0);
    int count = draw_count(key);
    for (int i = 0; i < count; i++) {
        struct lesion *l = &lesions[i];
        uint64_t own = random_key_number(key, (uint64_t)i);
        bool alike = i && draw(own, CORE_SHARE) > 0.3;
        memset(l, 0, sizeof *l);
        l->kind = alike ? lesions[0].kind : (enum lesion_kind)draw_choice(own, KIND_RING, LESION_KINDS);
        draw_size(own, first, l);
        draw_centre(own, atlas, pose, l->oedema.centre);
        draw_axes(own, l->axes);
        place_core(own, l);
        draw_oedema(own, l);
        draw_core(own, l);
        draw_fields(own, l);
        draw_levels(alike ? first : own, tissues, l);
    }
    return count;
}

struct push lesion_push(uint64_t key, int number, const struct lesion *lesion)
{
    struct push push = {.radius = lesion->core.radius};
    key = random_key_number(key, (uint64_t)number);
    memcpy(push.centre, lesion->oedema.centre, sizeof push.centre);
    if (drawn(key, HAS_MASS_EFFECT) && lesion->core.radius > 0)
        push.strength = value(key, MASS_EFFECT);
    return push;
}
