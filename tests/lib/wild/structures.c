/* Healthy tissues and what is bright and no tumour: the field's order of tissues in each modality, and each structure
 * switched on alone: where it is, how much of it there is and what it does to each modality. */
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"
#include "lib/wild/wild.h"
#include "tests/check.h"

static const float step = 3; /* mm between sites */

static void check_order(void)
{
    int heads = 400, grey = 0, fluid = 0, t2 = 0, flair = 0, alike = 0, dim = 0;
    for (int i = 0; i < heads; i++) {
        struct tissues t;
        tissues_draw(random_key_number(1, (uint64_t)i), &t);
        const modal *l = t.level;
        grey += l[WILD_WHITE][T1] > l[WILD_GREY][T1];
        fluid += l[WILD_GREY][T1] > l[WILD_CSF][T1] && l[WILD_GREY][T1] > l[WILD_VENTRICLE][T1];
        t2 += l[WILD_VENTRICLE][T2] > l[WILD_GREY][T2] && l[WILD_GREY][T2] > l[WILD_WHITE][T2];
        flair +=
            l[WILD_GREY][FLAIR] >= l[WILD_WHITE][FLAIR] && l[WILD_WHITE][FLAIR] > l[WILD_VENTRICLE][FLAIR];
        alike += fabsf(l[WILD_GREY][T1CE] / l[WILD_GREY][T1] - 1) < 0.0801f &&
                 fabsf(l[WILD_WHITE][T1CE] / l[WILD_WHITE][T1] - 1) < 0.0801f;
        dim += t.dim;
    }
    check(grey == heads && fluid == heads, "T1: white above grey above fluid in %d, %d of %d heads", grey,
          fluid, heads);
    check(t2 == heads, "T2: fluid above grey above white in %d", t2);
    check(flair > 0.97 * heads, "FLAIR: grey above white above fluid in %d", flair);
    check(alike > 0.74 * heads && alike < 0.95 * heads, "T1ce has T1's levels in %d", alike);
    check(dim > 0.12 * heads && dim < 0.28 * heads, "contrast agent is little in %d", dim);
}

/* Sites of a head that a structure changes, and by how much on average. */
struct change {
    int sites, masked; /* with another level; with another mask */
    double added[4];
    double middle[3]; /* mm of the atlas */
};

struct levels {
    modal v;
    enum place place;
};

static struct levels level_at(const struct atlas *atlas, const struct wild_head *head,
                              const struct distractors *d, struct site *site)
{
    float sinus;
    struct levels found = {.place = distractors_place(d, atlas->lattice, site, &sinus)};
    if (found.place == PLACE_OUTSIDE)
        return found;
    tissues_mix(&head->tissues, atlas->lattice, site);
    found.v = tissues_level(&head->tissues, site);
    found.v = distractors_paint(d, &head->tissues, atlas->lattice, site, found.place, sinus, found.v);
    if (found.place == PLACE_BRAIN)
        found.v = distractors_flair(d, &head->tissues, atlas->lattice, site, found.v);
    return found;
}

static void add_site(struct change *c, const struct levels *without, const struct levels *with,
                     const struct site *site)
{
    bool masked = (without->place == PLACE_OUTSIDE) != (with->place == PLACE_OUTSIDE), differs = masked;
    for (int m = 0; m < 4; m++)
        differs |= fabsf(with->v[m] - without->v[m]) > 0.02f;
    if (!differs)
        return;
    c->sites++;
    c->masked += masked;
    for (int m = 0; m < 4; m++)
        c->added[m] += with->v[m] - without->v[m];
    for (int i = 0; i < 3; i++)
        c->middle[i] += site->mm[i];
}

/* Compares a head without any structure with the same where `d` is. */
static struct change compare(const struct atlas *atlas, const struct wild_head *head,
                             const struct distractors *d)
{
    struct distractors none = *d;
    struct change c = {0};
    none.residue = none.base = none.gliosis = none.caps = none.vessels = none.falx = none.plexus = none.dura =
        0;
    none.transverse = none.sagittal = none.straight = none.flow = none.floor = none.calcified =
        none.hole_depth = 0;
    none.infarct_radius = 0;
    none.bottom = -1000;
    none.top = 1000;
    none.cerebellum = (modal){0};
    for (float z = -80; z <= 80; z += step)
        for (float y = -95; y <= 95; y += step)
            for (float x = -80; x <= 80; x += step) {
                struct site site = {.head = {x, y, z}};
                pose_affine(&head->pose, site.head, site.mm);
                if (!atlas_at(atlas, site.mm, &site.at))
                    continue;
                struct levels without = level_at(atlas, head, &none, &site),
                              with = level_at(atlas, head, d, &site);
                add_site(&c, &without, &with, &site);
            }
    for (int m = 0; m < 4; m++)
        c.added[m] /= c.sites ? c.sites : 1;
    for (int i = 0; i < 3; i++)
        c.middle[i] /= c.sites ? c.sites : 1;
    return c;
}

/* A structure: which number is set to what, cm3 that it takes within a range, which modality becomes brighter (1) or
 * darker (-1), whether the mask changes, and where its middle lies (x on the midline where `mid`). */
struct expectation {
    const char *name;
    size_t offset;
    float value;
    double least, most; /* cm3 */
    int modality, sign;
    bool masked, mid;
};

#define OF(member) offsetof(struct distractors, member)
static const struct expectation expectations[] = {
    {"residue", OF(residue), 1, 0.5, 80, T1CE, 0, true, false},
    {"holes", OF(hole_depth), 5, 0.1, 60, T1, -1, true, false},
    {"cut below", OF(bottom), -40, 20, 300, T1, -1, true, false},
    {"cut above", OF(top), 50, 5, 200, T1, -1, true, false},
    {"base", OF(base), 1, 1, 200, T1, 0, true, false},
    {"gliosis", OF(gliosis), 1, 1, 80, FLAIR, 1, false, false},
    {"caps", OF(caps), 3, 2, 120, FLAIR, 1, false, true},
    {"vessels", OF(vessels), 1, 1, 200, T1CE, 1, false, false},
    {"falx", OF(falx), 1, 0.2, 60, T1CE, 1, false, true},
    {"plexus", OF(plexus), 1, 0.2, 40, T1CE, 1, false, false},
    {"dura", OF(dura), 1, 3, 200, T1CE, 1, false, false},
    {"transverse sinuses", OF(transverse), 1, 0.05, 60, T1CE, 1, false, false},
    {"sagittal sinus", OF(sagittal), 1, 0.5, 60, T1CE, 1, true, true},
    {"straight sinus", OF(straight), 1, 0.2, 20, T1CE, 1, false, true},
    {"flow", OF(flow), 0.5f, 0.5, 120, FLAIR, 1, false, true},
    {"bright floor", OF(floor), 0.5f, 5, 400, FLAIR, 1, false, false},
    {"calcification", OF(calcified), 1, 0.05, 40, T2, -1, false, false},
    {"infarct", OF(infarct_radius), 10, 2, 20, T1, -1, false, false},
};

static void check_structure(const struct atlas *atlas, const struct wild_head *head,
                            const struct expectation *e)
{
    struct distractors d = head->distractors;
    d.residue = d.base = d.gliosis = d.caps = d.vessels = d.falx = d.plexus = d.dura = d.transverse =
        d.sagittal = 0;
    d.straight = d.flow = d.floor = d.calcified = d.hole_depth = d.infarct_radius = 0;
    d.cerebellum = (modal){0};
    d.bottom = -1000;
    d.top = 1000;
    d.base_top = 30;
    d.base_reach = d.mask_shift = 0;
    d.residue_level = 1;
    d.residue_reach = 5;
    d.floor_rarity = d.flow_rarity = 0;
    d.gliosis_rarity = 2;
    d.infarct[0] = 30; /* mm: in white matter */
    d.infarct[1] = d.infarct[2] = 10;
    memcpy((char *)&d + e->offset, &e->value, sizeof e->value);
    struct change c = compare(atlas, head, &d);
    double volume = c.sites * step * step * step / 1000;
    check(volume >= e->least && volume <= e->most && c.added[e->modality] * e->sign >= 0 &&
              (c.masked > 0) == e->masked && (!e->mid || fabs(c.middle[0]) < 6),
          "%s: %.1f cm3 about (%.0f, %.0f, %.0f), added %.2f %.2f %.2f %.2f", e->name, volume, c.middle[0],
          c.middle[1], c.middle[2], c.added[0], c.added[1], c.added[2], c.added[3]);
}

/* How many of 300 heads have each. */
static void check_shares(void)
{
    int heads = 300, vessels = 0, base = 0, cerebellum = 0, infarct = 0;
    for (int i = 0; i < heads; i++) {
        struct distractors d;
        distractors_draw(random_key_number(2, (uint64_t)i), &d);
        vessels += d.vessels > 0;
        base += d.base > 0;
        cerebellum += d.cerebellum[0] != 0;
        infarct += d.infarct_radius > 0;
    }
    check(vessels > 0.77 * heads && vessels < 0.93 * heads, "%d of %d heads have bright vessels", vessels,
          heads);
    check(base > 0.43 * heads && base < 0.67 * heads, "%d a skull's base", base);
    check(cerebellum > 0.59 * heads && cerebellum < 0.81 * heads, "%d a cerebellum of its own level",
          cerebellum);
    check(infarct < 0.11 * heads && infarct > 0, "%d an infarct", infarct);
}

int main(void)
{
    struct tissue_maps maps;
    struct atlas atlas;
    struct wild_head head;
    if (tissue_maps_draw(&maps) || atlas_make(&maps, &atlas) || wild_draw(&head, &atlas, 1, 1))
        abort();
    head.tissues.level[WILD_VESSEL] = (modal){0.8f, 2, 0.5f, 0.5f};
    head.tissues.level[WILD_PLEXUS] = (modal){0.7f, 1.6f, 1, 0.7f};
    head.tissues.level[WILD_DURA] = (modal){0.7f, 1.6f, 0.6f, 0.6f};
    check_order();
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++)
        check_structure(&atlas, &head, &expectations[i]);
    check_shares();
    wild_free(&head);
    tissue_maps_free(&maps);
    atlas_free(&atlas);
    return check_exit();
}
