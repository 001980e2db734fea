/* The lines of a NRRD header, sorted by what they give: their order does not matter, and a second one of a
 * kind is noticed. nrrd_parse.c then interprets them. */
#ifndef PRUNET_STREAM_NRRD_LINES_H
#define PRUNET_STREAM_NRRD_LINES_H

#include "lib/stream/record.h"

enum field {
    FIELD_TYPE,
    FIELD_BLOCK_SIZE,
    FIELD_DIMENSION,
    FIELD_SIZES,
    FIELD_ENCODING,
    FIELD_ENDIAN,
    FIELD_KINDS,
    FIELD_SPACE,
    FIELD_DIRECTIONS,
    FIELD_ORIGIN,
    FIELD_UNITS,
    FIELD_IGNORED, /* from here on: known and without effect on what a record is */
    FIELD_COUNT = FIELD_IGNORED + 16
};

enum key {
    KEY_VERSION,
    KEY_ROLE,
    KEY_CASE,
    KEY_CHANNELS,
    KEY_GRID,
    KEY_AFFINE,
    KEY_LAST,
    KEY_QFORM,
    KEY_SFORM,
    KEY_UNITS,
    KEY_DTYPE,
    KEY_AXES,
    KEY_SCALE,
    KEY_PAYLOAD,
    KEY_COUNT
};

struct nrrd_lines {
    const char *field[FIELD_COUNT]; /* what follows ": ", or NULL */
    const char *key[KEY_COUNT];     /* what follows ":=", or NULL */
    struct record *record;          /* being filled */
    int dimension;                  /* once the sizes are known */
};

/* Sorts a whole header, overwriting `text`: fields and the profile's keys into their slots, which then
 * point into the text, all other keys into lines->record->keys. STATUS_DATA for anything that is not a
 * header, for the fields that are refused, and for what is given twice. */
int nrrd_sort_lines(struct nrrd_lines *lines, char *text, size_t length);

#endif
