/* How the levels of lesions vary by themselves: in oedema that is painted onto its own level, and in what enhances and
 * what does not, one number of a lesion beside none, site by site. Lesions of heads of the own anatomy. */
#include "lib/volume/labels.h"
#include "lib/wild/properties.h"
#include "lib/wild/wild.h"
#include "tests/check.h"

enum { HEADS = 12, LABELS = LABEL_ENHANCING + 1 };

static const float step = 3; /* mm between sites */

/* What a number does to the sites of a label: the level with it beside that without, minus 1. */
struct effect {
    int sites;
    double sum[4], squares[4], by_t2[4]; /* by_t2: products with that of T2 */
};

static int relabelled; /* sites whose label depends on the number */

static void add(struct effect *e, modal without, modal with)
{
    e->sites++;
    for (int m = 0; m < 4; m++) {
        double d = with[m] / without[m] - 1, t2 = with[T2] / without[T2] - 1;
        e->sum[m] += d;
        e->squares[m] += d * d;
        e->by_t2[m] += d * t2;
    }
}

static double deviation(const struct effect *e, int m)
{
    double mean = e->sum[m] / e->sites;
    return sqrt(e->squares[m] / e->sites - mean * mean);
}

static void compare(const struct atlas *atlas, const struct wild_head *head, const struct lesion *without,
                    const struct lesion *with, struct effect effects[LABELS])
{
    for (float z = -70; z <= 70; z += step)
        for (float y = -85; y <= 85; y += step)
            for (float x = -70; x <= 70; x += step) {
                struct site site = {.head = {x, y, z}};
                uint8_t label = LABEL_BACKGROUND, again = LABEL_BACKGROUND;
                pose_at(&head->pose, site.head, site.mm);
                if (!atlas_at(atlas, site.mm, &site.at))
                    continue;
                tissues_mix(&head->tissues, atlas->lattice, &site);
                modal a = lesion_paint(without, atlas->lattice, &site, without->oedema_level, &label);
                modal b = lesion_paint(with, atlas->lattice, &site, with->oedema_level, &again);
                relabelled += label != again;
                add(&effects[label], a, b);
            }
}

/* The effects of a number of struct lesion, by its offset; nothing else varies within a part of a lesion. */
static void measure(const struct atlas *atlas, size_t offset, float value, struct effect effects[LABELS])
{
    memset(effects, 0, LABELS * sizeof *effects);
    for (int number = 1; number <= HEADS; number++) {
        struct wild_head head;
        if (wild_draw(&head, atlas, 5, number))
            abort();
        struct lesion without = head.lesion[0], with;
        without.water = without.blush = without.oedema_texture = without.core_texture = 0;
        without.zone = (modal){0};
        with = without;
        memcpy((char *)&with + offset, &value, sizeof value);
        if (head.lesions)
            compare(atlas, &head, &without, &with, effects);
        wild_free(&head);
    }
}

static void check_water(const struct atlas *atlas)
{
    struct effect e[LABELS], *oedema = &e[LABEL_OEDEMA];
    measure(atlas, offsetof(struct lesion, water), 0.3f, e);
    double t2 = deviation(oedema, T2);
    check(oedema->sites > 6000 && t2 > 0.2 && t2 < 0.33, "water .3: T2 of %d sites of oedema varies by %.3f",
          oedema->sites, t2);
    for (int m = 0; m < 4; m++) {
        static const double follows[4] = {-0.3, -0.3, 1, 0.55};
        double found = oedema->by_t2[m] / oedema->by_t2[T2];
        check(fabs(found - follows[m]) < 1e-3, "modality %d goes with T2 by %.3f", m, found);
    }
    check(deviation(&e[LABEL_CORE], T2) < 0.3 * t2 && deviation(&e[LABEL_ENHANCING], T2) < 0.3 * t2,
          "cores but for their edge do not: %.3f, what enhances %.3f", deviation(&e[LABEL_CORE], T2),
          deviation(&e[LABEL_ENHANCING], T2));
}

static void check_blush(const struct atlas *atlas)
{
    struct effect e[LABELS];
    measure(atlas, offsetof(struct lesion, blush), 0.15f, e);
    double oedema = deviation(&e[LABEL_OEDEMA], T1CE), core = deviation(&e[LABEL_CORE], T1CE),
           enhancing = deviation(&e[LABEL_ENHANCING], T1CE);
    check(oedema > 0.09 && oedema < 0.17, "blush .15: T1ce of oedema varies by %.3f", oedema);
    check(core > 0.04 && core < 0.17, "that of core without enhancement, and of necrosis, by %.3f", core);
    check(enhancing < 0.3 * oedema, "that of what enhances by %.3f", enhancing);
    double others = 0;
    for (int label = 0; label < LABELS; label++)
        others += e[label].squares[T1] + e[label].squares[T2] + e[label].squares[FLAIR];
    check(others == 0, "and no other modality");
}

/* Where contrast is dim there is less of it to vary. */
static void check_draws(const struct atlas *atlas)
{
    double dim = 0, clear = 0, water = 0;
    for (int number = 1; number <= 100; number++) {
        struct wild_head head;
        if (wild_draw(&head, atlas, 6, number))
            abort();
        double *most = head.tissues.dim ? &dim : &clear;
        *most = fmax(*most, head.lesion[0].blush);
        water = fmax(water, head.lesion[0].water);
        wild_free(&head);
    }
    check(dim > 0.03 && dim <= properties[BLUSH_DIM].b && clear > 0.12 && clear <= properties[BLUSH].b,
          "blush of a hundred heads: at most %.3f where contrast is dim, else %.3f", dim, clear);
    check(water > 0.25 && water <= properties[WATER].b, "water: at most %.3f", water);
}

int main(void)
{
    struct tissue_maps maps;
    struct atlas atlas;
    if (tissue_maps_draw(&maps) || atlas_make(&maps, &atlas))
        abort();
    check_water(&atlas);
    check_blush(&atlas);
    check(!relabelled, "labels depend on neither: %d do", relabelled);
    check_draws(&atlas);
    tissue_maps_free(&maps);
    atlas_free(&atlas);
    return check_exit();
}
