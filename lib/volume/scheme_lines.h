/* The lines of a scheme's text, one by one: the first half of reading a scheme (scheme_parse.c has the
 * other, which looks at the whole). */
#ifndef PRUNET_VOLUME_SCHEME_LINES_H
#define PRUNET_VOLUME_SCHEME_LINES_H

#include "lib/volume/labels.h"

enum { WORDS_MAX = 2 + SCHEME_LABELS_MAX + 2, WORD_SIZE = SCHEME_NAME_SIZE };

struct scheme_parser {
    struct label_scheme *scheme;
    const struct label_scheme *(*find_records)(const char *name);
    int line;                        /* from 1; 0: the text as a whole */
    char word[WORDS_MAX][WORD_SIZE]; /* of the line */
    int words;
    /* Of each region, in label maps, up to a 0; and of each that is only scored. */
    uint8_t numbers[SCHEME_REGIONS_MAX][SCHEME_LABELS_MAX + 1];
    uint8_t scored[SCHEME_REGIONS_MAX][SCHEME_LABELS_MAX + 1];
    int paints[SCHEME_REGIONS_MAX];             /* a number in label maps; -1: not said */
    char meaning[SCHEME_LABELS_MAX][WORD_SIZE]; /* the records' name of each label */
    char rows[SCHEME_REGIONS_MAX][WORD_SIZE], volumes[MODALITIES_MAX][WORD_SIZE], lesions[WORD_SIZE];
    int row_count, volume_count;
    struct modality label_map;
    bool has_rule, has_label_map;
};

/* Reads all lines into the parser's scheme and lists; the scheme's text is without those that say what is only
 * scored, which concerns neither records nor states. STATUS_DATA, naming the line, for one that is not
 * right. */
int scheme_take_lines(struct scheme_parser *parser, const char *text, size_t length);

/* The ends of file names from a word of the line on; without any, the name behind _ and behind -. */
int scheme_take_suffixes(struct scheme_parser *parser, int first, struct modality *file);

/* STATUS_DATA: "line 3: REASON", or the reason alone once all lines are read. */
int scheme_wrong(const struct scheme_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
