/* Families of backends: the reference, the CPU's, CUDA's. The Makefile links one file of kernels/backends/,
 * which lists the families that a build has. */
#ifndef PRUNET_KERNELS_BACKENDS_H
#define PRUNET_KERNELS_BACKENDS_H

struct kernels; /* kernels.h */

enum { FAMILY_TABLES_MAX = 16 };

struct kernels_family {
    const char *name; /* what kernels_find knows it by */

    /* Stores the tables that this machine can run, best last, and returns their number. */
    int (*tables)(const struct kernels *tables[FAMILY_TABLES_MAX]);

    /* The table that pays for a network, as kernels_find. */
    const struct kernels *(*choose)(const int *channels, int levels, int streams, const char **why);
};

/* Ends with NULL. kernels/backends/ declares and lists them; the reference is always the first. */
extern const struct kernels_family *const kernels_families[];

#endif
