/* The texts of data/schemes, which the Makefile compiles in: brats-2018 first, the others by their names. */
#ifndef PRUNET_VOLUME_SCHEME_BUILTIN_H
#define PRUNET_VOLUME_SCHEME_BUILTIN_H

#include <stddef.h>

extern const char *const builtin_schemes[];
extern const size_t builtin_scheme_count;

#endif
