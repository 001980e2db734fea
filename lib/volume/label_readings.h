/* What the numbers of label maps could mean besides what they are read as: 1 and 2 are core and oedema by BraTS, oedema and core
 * by the Decathlon, and a map without the enhancing tumour does not show which. */
#ifndef PRUNET_VOLUME_LABEL_READINGS_H
#define PRUNET_VOLUME_LABEL_READINGS_H

#include "lib/volume/labels.h"

/* What is known of a map, or of all maps of a data set. */
struct label_readings {
    uint64_t seen[4]; /* numbers 0 to 255 that occur, a bit each */
    unsigned
        named; /* schemes that the name allows, a bit each in the order of scheme_builtin; 0: it does not say */
    size_t maps;
};

/* A map of a file of this name. BRATS_001 is the Decathlon's, BraTS2021_00006 of BraTS to 2021, BraTS-GLI-00006-100 and a
 * name that ends with -seg of 2023 or later, BraTS-PED-00006-000 of children. */
struct label_readings label_readings_named(const char *path);
void label_readings_see(struct label_readings *readings, int number);

/* Whole numbers of a map; others are no labels and are passed over. */
void label_readings_see_all(struct label_readings *readings, const float *values, size_t voxels);

/* Adds a map to those of a data set. Names of several collections say nothing. */
void label_readings_join(struct label_readings *all, const struct label_readings *map);

/* Whether all numbers are labels of a scheme. */
bool label_readings_fit(const struct label_readings *readings, const struct label_scheme *scheme);

/* Whether the numbers could well be those of other schemes that are built in, by which they are in other regions than by
 * `scheme`, and the sentence that says so. That is where the names say so; and where `scheme` is the one that is taken if none is
 * named, brats-2018, and one of its numbers does not occur. A scheme that is not built in has been written for the data. */
enum { LABEL_READINGS_SIZE = 512 };
bool label_readings_doubt(const struct label_readings *readings, const struct label_scheme *scheme,
                          char text[LABEL_READINGS_SIZE]);

#endif
