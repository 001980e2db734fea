#include "lib/wild/properties.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"

const struct property_row properties[PROPERTIES] = {
#define PROPERTY(name, law, a, b, text) {#name, law, a, b, text},
#include "lib/wild/properties.def"
#undef PROPERTY
};

static const double normal_reach = 3.4642; /* of exact_normal */

double draw(uint64_t key, enum property property)
{
    const struct property_row *row = &properties[property];
    key = random_key(key, row->name);
    double u = random_uniform(key, 0);
    switch (row->law) {
    case UNIFORM:
        return row->a + (row->b - row->a) * u;
    case LOG_UNIFORM:
        return row->a * exact_exp(exact_log(row->b / row->a) * u);
    case NORMAL:
        return row->a + row->b * exact_normal(key, 0);
    case LOG_NORMAL:
        return row->a * exact_exp(row->b * exact_normal(key, 0));
    default:
        return u < row->a;
    }
}

bool drawn(uint64_t key, enum property property)
{
    return draw(key, property) != 0;
}

int draw_choice(uint64_t key, enum property first, int count)
{
    double total = 0;
    for (int i = 0; i < count; i++)
        total += properties[first + i].a;
    double left = total * random_uniform(random_key(key, properties[first].name), 0);
    for (int i = 0; i < count - 1; i++)
        if ((left -= properties[first + i].a) < 0)
            return i;
    return count - 1;
}

void property_range(enum property property, double *low, double *high)
{
    const struct property_row *row = &properties[property];
    *low = row->a;
    *high = row->b;
    if (row->law == NORMAL) {
        *low = row->a - normal_reach * row->b;
        *high = row->a + normal_reach * row->b;
    } else if (row->law == LOG_NORMAL) {
        *low = row->a * exact_exp(-normal_reach * row->b);
        *high = row->a * exact_exp(normal_reach * row->b);
    } else if (row->law == CHANCE) {
        *low = 0;
        *high = 1;
    }
}
