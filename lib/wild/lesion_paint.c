#include "lib/volume/labels.h"
#include "lib/wild/exact.h"
#include "lib/wild/lesions.h"

static float field(const struct lesion *l, const float *lattice, enum lesion_field which,
                   const struct site *s)
{
    return texture_at(lattice, &l->field[which], s->head);
}

/* How far a value of a distance function, 1 at the boundary, lies within it: 0.5 there. */
static float within(float distance, float edge)
{
    return ramp((1 - distance) / edge + 0.5f);
}

/* mm from a centre, in the lesion's axes. */
static float radius_at(const struct lesion *l, const float centre[3], const struct site *s)
{
    float d[3], sum = 0;
    for (int i = 0; i < 3; i++)
        d[i] = s->head[i] - centre[i];
    for (int i = 0; i < 3; i++) {
        float a = l->axes[i][0] * d[0] + l->axes[i][1] * d[1] + l->axes[i][2] * d[2];
        sum += a * a;
    }
    return sqrtf(sum);
}

/* The share of oedema at a site: it follows white matter, or else the core's form, and leaves CSF. Beyond 1.2 radii
 * it ends in any tissue: real oedema has few islands. core: the core's distance function. */
static float oedema_share(const struct lesion *l, const struct site *s, float radius, float coarse,
                          float fine, float core)
{
    if (l->leaves_csf && (s->csf > 0.55f || s->in_ventricle > 0.5f))
        return 0;
    if (l->follows_core)
        return within(core * l->core.radius / l->oedema.radius + 0.1f * l->oedema.small * fine,
                      l->oedema.edge / 3);
    float ball = radius / l->oedema.radius * (1 + l->oedema.large * coarse + l->oedema.small * fine);
    float distance =
        ball - l->white * (s->white - 0.6f) + l->grey * (s->grey - 0.4f) + 2 * fmaxf(0, ball - 1.2f);
    return within(distance, l->oedema.edge);
}

/* What water does to a level: as real oedema's voxels vary together, by 0.25 in T2, 0.15 in FLAIR, 0.1 in T1. */
static const modal water = {-0.3f, -0.3f, 1, 0.55f};

/* Two zones: near the core and far from it. */
static modal paint_oedema(const struct lesion *l, const struct site *s, float share, float radius,
                          float coarse, float fine, float texture, modal v)
{
    float near = ramp((l->zone_radius - radius * (1 + 0.3f * coarse)) / l->zone_width + 0.5f) - 0.4f;
    modal level = l->oedema_level * (1 + l->oedema_texture * (texture + 0.5f * coarse) + l->zone * near);
    float wet = fminf(fmaxf(0.7f * (coarse + fine), -1.75f), 1.75f); /* no level below 0 */
    level *= 1 + l->water * wet * water;
    level[T1CE] *= 1 + l->blush * fine;
    return blend(v, level, share * (1 - l->spares * s->grey));
}

/* Fields of a core at a site. */
struct core_site {
    float distance; /* 1 at the boundary */
    float shape, necrosis, fine, texture;
};

/* How much of the core's viable part enhances. */
static float enhancing_share(const struct lesion *l, const struct core_site *c)
{
    if (l->kind == LESION_HOMOGENEOUS || l->kind == LESION_DARK)
        return 0;
    if (l->specks > 0)
        return ramp((0.8f * c->fine + 0.5f * c->shape + 0.2f * c->texture - l->specks) * 4);
    float share = ramp((c->shape * 0.6f + c->necrosis * 0.5f + l->closure) * 4);
    return l->patches > 0 ? share * ramp((c->fine + 0.6f * c->texture + l->patches - 1) * 4) : share;
}

/* The distance function of necrosis: a smaller core in the core, or many. */
static float necrosis_distance(const struct lesion *l, const struct core_site *c)
{
    if (l->honeycomb)
        return 1 + 0.6f * (l->honeycomb_rarity - c->necrosis) + 2 * fmaxf(0, c->distance - 0.85f);
    return c->distance / l->necrosis.radius + l->necrosis.large * c->necrosis + l->necrosis.small * c->fine;
}

static modal paint_core(const struct lesion *l, const struct core_site *c, float oedema, modal v,
                        uint8_t *label)
{
    float share = within(c->distance, l->core.edge);
    if (share <= 0)
        return v;
    float necrosis = within(necrosis_distance(l, c), l->necrosis.edge), enhancing = enhancing_share(l, c),
          kept = 1;
    bool enhances = l->kind <= LESION_SPOT; /* gaps are those of a rim */
    if (l->gap_is_oedema && enhances && oedema > 0.5f)
        kept = necrosis + (1 - necrosis) * enhancing;
    modal level = l->solid_level;
    level[T1CE] *= 1 + l->blush * c->fine;
    level = blend(level, l->enhancing_level, enhancing);
    level = blend(level, l->necrosis_level * (1 + 0.6f * l->core_texture * c->necrosis), necrosis);
    v = blend(v, level * (1 + l->core_texture * c->texture), share * kept);
    if (share > 0.5f && kept > 0.5f) {
        if (necrosis <= 0.5f && enhancing > 0.5f)
            *label = LABEL_ENHANCING;
        else if (*label != LABEL_ENHANCING)
            *label = LABEL_CORE;
    }
    return v;
}

/* The fields of the core at a site; its distance is 3 where the site is far from it. */
static struct core_site core_at(const struct lesion *l, const float *lattice, const struct site *s)
{
    struct core_site c = {.distance = 3, .texture = field(l, lattice, FIELD_TEXTURE, s)};
    float radius = radius_at(l, l->core.centre, s);
    if (l->core.radius <= 0 || radius > 2.2f * l->core.radius)
        return c;
    c.shape = field(l, lattice, FIELD_CORE, s);
    c.distance = radius / l->core.radius *
                 (1 + l->core.large * c.shape + l->core.small * field(l, lattice, FIELD_CORE_FINE, s));
    if (c.distance > 1 + l->core.edge)
        return c;
    c.necrosis = field(l, lattice, FIELD_NECROSIS, s);
    c.fine = field(l, lattice, FIELD_NECROSIS_FINE, s);
    return c;
}

modal lesion_paint(const struct lesion *l, const float *lattice, const struct site *s, modal v,
                   uint8_t *label)
{
    float radius = radius_at(l, l->oedema.centre, s), oedema = 0;
    if (radius > 2.2f * fmaxf(l->oedema.radius, l->core.radius))
        return v;
    struct core_site c = core_at(l, lattice, s);
    if (l->oedema.radius > 0) {
        float coarse = field(l, lattice, FIELD_OEDEMA, s), fine = field(l, lattice, FIELD_OEDEMA_FINE, s);
        oedema = oedema_share(l, s, radius, coarse, fine, c.distance);
        if (oedema > 0 && *label != LABEL_CORE && *label != LABEL_ENHANCING) /* of a lesion before */
            v = paint_oedema(l, s, oedema, radius, coarse, fine, c.texture, v);
        if (oedema > 0.5f && *label == LABEL_BACKGROUND)
            *label = LABEL_OEDEMA;
    }
    return c.distance < 3 ? paint_core(l, &c, oedema, v, label) : v;
}
