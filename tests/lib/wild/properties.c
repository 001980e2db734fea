/* The table of properties: every row's law and range, on many draws; the arithmetic beneath; and that lesions are
 * drawn as often, of such kinds and sizes as the table says. */
#include "lib/wild/properties.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/wild.h"
#include "tests/check.h"

enum { DRAWS = 3000 };

static void check_exact(void)
{
    double exp_error = 0, log_error = 0, sum = 0, squares = 0, most = 0;
    for (double x = -60; x < 60; x += 0.0137)
        exp_error = fmax(exp_error, fabs(exact_exp(x) / exp(x) - 1));
    for (double x = 1e-9; x < 1e9; x *= 1.0173)
        log_error = fmax(log_error, fabs(exact_log(x) - log(x)) / fmax(1, fabs(log(x))));
    check(exp_error < 1e-13 && log_error < 1e-13, "exp and log: %.1e, %.1e of the C library's", exp_error,
          log_error);
    for (int i = 0; i < 100000; i++) {
        double v = exact_normal(5, (uint64_t)i);
        sum += v;
        squares += v * v;
        most = fmax(most, fabs(v));
    }
    check(fabs(sum) < 4 * 317 && fabs(squares / 100000 - 1) < 0.015 && most <= 3.4642,
          "normal numbers: mean %.4f, variance %.4f, at most %.3f", sum / 100000, squares / 100000, most);
}

/* What the middle of a row's draws is, and how far their mean may be from it: 5 standard deviations. */
static void expected(const struct property_row *row, double *mean, double *spread)
{
    *mean = (row->a + row->b) / 2;
    *spread = (row->b - row->a) / sqrt(12);
    if (row->law == CHANCE) {
        *mean = row->a;
        *spread = sqrt(row->a * (1 - row->a));
    } else if (row->law == NORMAL) {
        *mean = row->a;
        *spread = row->b;
    } else if (row->law == LOG_NORMAL) {
        *mean = row->a * exp(row->b * row->b / 2);
        *spread = *mean * sqrt(exp(row->b * row->b) - 1);
    } else if (row->law == LOG_UNIFORM) {
        double l = log(row->b / row->a), square = (row->b * row->b - row->a * row->a) / (2 * l);
        *mean = (row->b - row->a) / l;
        *spread = sqrt(square - *mean * *mean);
    }
}

static void check_row(enum property property)
{
    const struct property_row *row = &properties[property];
    double low, high, least = INFINITY, most = -INFINITY, sum = 0, mean, spread;
    property_range(property, &low, &high);
    for (uint64_t key = 0; key < DRAWS; key++) {
        double v = draw(key, property);
        least = fmin(least, v);
        most = fmax(most, v);
        sum += v / DRAWS;
    }
    expected(row, &mean, &spread);
    bool normal = row->law == NORMAL || row->law == LOG_NORMAL, chance = row->law == CHANCE;
    bool covers =
        normal || chance || (least - low < 0.01 * (high - low) && high - most < 0.05 * (high - low));
    check(least >= low - 1e-12 && most <= high * (1 + 1e-12) && covers &&
              fabs(sum - mean) < 5 * spread / sqrt(DRAWS) + 1e-9,
          "%s: %.3g..%.3g within %.3g..%.3g, mean %.3g of %.3g", row->name, least, most, low, high, sum,
          mean);
}

/* Whether a share that was counted `hits` times of `of` is p, within 4 standard deviations. */
static bool is_share(int hits, int of, double p)
{
    return fabs((double)hits / of - p) < 4 * sqrt(p * (1 - p) / of) + 1e-9;
}

struct census {
    int count[LESIONS_MAX + 1], kind[LESION_KINDS], small, satellites, whole, pushed, lesions, heads;
};

static double ball_volume(double radius)
{
    return 4.18879 * radius * radius * radius / 1000;
}

static void count_head(const struct wild_head *head, struct census *c)
{
    c->heads++;
    c->count[head->lesions]++;
    c->pushed += head->pose.pushes;
    for (int i = 0; i < head->lesions; i++) {
        const struct lesion *l = &head->lesion[i];
        double larger = fmax(l->oedema.radius, l->core.radius);
        c->lesions++;
        if (i) {
            c->satellites += ball_volume(larger) < properties[SMALL_VOLUME].b;
            continue;
        }
        c->kind[l->kind]++;
        c->small += ball_volume(larger) < properties[SMALL_VOLUME].b;
        c->whole += l->core.radius > 0.947 * larger; /* core is more than 85 % */
    }
}

static void check_lesions(const struct atlas *atlas, int heads)
{
    static struct census c;
    for (int number = 1; number <= heads; number++) {
        struct wild_head head;
        if (wild_draw(&head, atlas, 3, number))
            abort();
        count_head(&head, &c);
        wild_free(&head);
    }
    int some = heads - c.count[0];
    double total = 0;
    check(is_share(c.count[0], heads, properties[NO_LESION].a), "%d of %d heads have no lesion", c.count[0],
          heads);
    for (int n = 2; n <= LESIONS_MAX; n++)
        check(is_share(c.count[n], some, properties[LESIONS_2 + n - 2].a), "%d have %d", c.count[n], n);
    for (int k = 0; k < LESION_KINDS; k++)
        total += properties[KIND_RING + k].a;
    for (int k = 0; k < LESION_KINDS; k++)
        check(is_share(c.kind[k], some, properties[KIND_RING + k].a / total), "%d are %s", c.kind[k],
              properties[KIND_RING + k].name);
    check(fabs(total - 1) < 1e-9, "the kinds' shares sum to 1: %g", total);
    check(c.small > 0.18 * some && c.small < 0.4 * some, "%d of %d main lesions are small", c.small, some);
    check(c.whole > 0.12 * some && c.whole < 0.45 * some, "%d have core in more than 85 %% of them", c.whole);
    check(c.satellites > 0.55 * (c.lesions - some), "%d of %d further lesions are small", c.satellites,
          c.lesions - some);
    check(c.pushed > 0.65 * c.lesions && c.pushed < 0.9 * c.lesions, "%d of %d push tissue", c.pushed,
          c.lesions);
}

int main(void)
{
    struct tissue_maps maps;
    struct atlas atlas;
    const char *lasting = getenv("PRUNET_TEST_LONG");
    check_exact();
    for (int p = 0; p < PROPERTIES; p++)
        check_row((enum property)p);
    if (tissue_maps_draw(&maps) || atlas_make(&maps, &atlas))
        abort();
    check_lesions(&atlas, lasting && *lasting == '1' ? 2000 : 300);
    tissue_maps_free(&maps);
    atlas_free(&atlas);
    return check_exit();
}
