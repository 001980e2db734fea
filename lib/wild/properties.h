/* Properties of drawn heads: a number each, drawn by the law that properties.def gives. */
#ifndef PRUNET_WILD_PROPERTIES_H
#define PRUNET_WILD_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>

enum property {
#define PROPERTY(name, law, a, b, text) name,
#include "lib/wild/properties.def"
#undef PROPERTY
    PROPERTIES
};

enum law { UNIFORM, LOG_UNIFORM, NORMAL, LOG_NORMAL, CHANCE };

struct property_row {
    const char *name;
    enum law law;
    double a, b;
    const char *text;
};

extern const struct property_row properties[PROPERTIES];

/* The property of what `key` stands for: a head, a lesion, a modality. A function of key and the property's
 * name, so that a new row changes no other draw. */
double draw(uint64_t key, enum property property);

/* The property as a yes or no; for rows of law CHANCE. */
bool drawn(uint64_t key, enum property property);

/* The index of one of `count` rows that follow each other, each as likely as its `a` is large. */
int draw_choice(uint64_t key, enum property first, int count);

/* The smallest and the largest value that a row can give. */
void property_range(enum property property, double *low, double *high);

#endif
