/* Lists of names, such as the cases of a data set: one a line. */
#ifndef PRUNET_BASE_NAMES_H
#define PRUNET_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct names {
    size_t count;
    char **name;
};

/* Reads lines up to the end of FILE; empty lines are skipped. `path` is for messages. A line over 4095 bytes
 * and a name that appears twice are STATUS_DATA. Sorted by bytes. */
int names_read(struct names *names, FILE *file, const char *path);

/* Puts the names into a random order that is a function of `key` and the set of names alone: sorted by
 * random_bits(random_key(key, name), 0), equal numbers by the name itself. */
int names_shuffle(struct names *names, uint64_t key);

void names_free(struct names *names);

#endif
