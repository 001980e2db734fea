#include "lib/volume/scheme_lines.h"
#include "lib/base/error.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scheme_wrong(const struct scheme_parser *p, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return p->line ? fail(STATUS_DATA, "line %d: %s", p->line, reason) : fail(STATUS_DATA, "%s", reason);
}

/* Words --------------------------------------------------------------------------------------------- */

static bool is_name(const char *word)
{
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            return false;
    return *word && *word != '-' && *word != '.';
}

/* A number of a label: 1 to 254, or -1. */
static int label_number(const char *word)
{
    char *end;
    if (!isdigit((unsigned char)*word) || (*word == '0' && word[1]))
        return -1;
    const long number = strtol(word, &end, 10);
    return *end || number < 1 || number > SCHEME_LABELS_MAX ? -1 : (int)number;
}

/* "R,G,B", each 0 to 255. */
static bool take_colour(const char *word, uint8_t colour[3])
{
    for (int i = 0; i < 3; i++) {
        char *end;
        const long value = isdigit((unsigned char)*word) ? strtol(word, &end, 10) : -1;
        if (value < 0 || value > 255 || *end != (i < 2 ? ',' : 0))
            return false;
        colour[i] = (uint8_t)value;
        word = end + 1;
    }
    return true;
}

static int split(struct scheme_parser *p, const char *line, size_t length)
{
    const char *end = line + length, *comment = memchr(line, '#', length);
    end = comment ? comment : end;
    p->words = 0;
    while (line < end) {
        size_t size = 0;
        if (*line == ' ' || *line == '\t' || *line == '\r') {
            line++;
            continue;
        }
        while (line + size < end && line[size] > ' ' && line[size] < 0x7f)
            size++;
        if (!size)
            return scheme_wrong(p, "a character that is not ASCII text");
        if (size >= WORD_SIZE)
            return scheme_wrong(p, "'%.*s...' has more than %d characters", 16, line, WORD_SIZE - 1);
        if (p->words == WORDS_MAX)
            return scheme_wrong(p, "more than %d words", WORDS_MAX);
        memcpy(p->word[p->words], line, size);
        p->word[p->words++][size] = 0;
        line += size;
    }
    return STATUS_OK;
}

/* Lines --------------------------------------------------------------------------------------------- */

static int check_name(const struct scheme_parser *p, const char *word)
{
    return is_name(word) ? STATUS_OK
                         : scheme_wrong(p, "'%s' is no name (letters, digits, '.', '_', '-')", word);
}

static int take_scheme(struct scheme_parser *p)
{
    if (p->words != 2 || *p->scheme->name)
        return scheme_wrong(p, "expected is 'scheme NAME', once");
    memcpy(p->scheme->name, p->word[1], WORD_SIZE);
    return check_name(p, p->word[1]);
}

static int take_records(struct scheme_parser *p)
{
    if (p->words != 2 || p->scheme->records)
        return scheme_wrong(p, "expected is 'records NAME', once");
    p->scheme->records = p->find_records(p->word[1]);
    if (!p->scheme->records || p->scheme->records->records != p->scheme->records)
        return scheme_wrong(p, "'%s' is no scheme of records", p->word[1]);
    return STATUS_OK;
}

int scheme_take_suffixes(struct scheme_parser *p, int first, struct modality *file)
{
    int count = 0;
    if (p->words - first > SUFFIXES_MAX)
        return scheme_wrong(p, "more than %d ends of file names", SUFFIXES_MAX);
    for (int i = first; i < p->words; i++) {
        const char *word = p->word[i];
        if ((*word != '_' && *word != '-') || !is_name(word + 1))
            return scheme_wrong(p, "'%s' is no end of a file's name, such as _%s", word, file->name);
        memcpy(file->suffix[count++], word, WORD_SIZE);
    }
    if (!count)
        snprintf(file->suffix[count++], WORD_SIZE, "_%.*s", WORD_SIZE - 2, file->name);
    if (count == 1)
        snprintf(file->suffix[1], WORD_SIZE, "-%s", file->suffix[0] + 1);
    return STATUS_OK;
}

static int take_modality(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    if (p->words < 2)
        return scheme_wrong(p, "expected is 'modality NAME [SUFFIX...]'");
    if (s->modality_count == MODALITIES_MAX)
        return scheme_wrong(p, "more than %d modalities", MODALITIES_MAX);
    for (int m = 0; m < s->modality_count; m++)
        if (!strcmp(s->modalities[m].name, p->word[1]))
            return scheme_wrong(p, "a second modality %s", p->word[1]);
    struct modality *modality = &s->modalities[s->modality_count];
    *modality = (struct modality){.decathlon = s->modality_count++};
    memcpy(modality->name, p->word[1], WORD_SIZE);
    int status = check_name(p, p->word[1]);
    return status ? status : scheme_take_suffixes(p, 2, modality);
}

static int take_label(struct scheme_parser *p)
{
    static const uint8_t palette[8][3] = {{213, 94, 0},    {0, 158, 115}, {240, 228, 66}, {86, 180, 233},
                                          {204, 121, 167}, {0, 114, 178}, {230, 159, 0},  {160, 160, 160}};
    struct label_scheme *s = p->scheme;
    const int number = p->words > 2 ? label_number(p->word[1]) : -1;
    if (p->words < 3 || number < 0)
        return scheme_wrong(p, "expected is 'label NUMBER NAME [R,G,B] [as NAME]', a number within 1..%d",
                            SCHEME_LABELS_MAX);
    if (s->label_count == SCHEME_LABELS_MAX) /* each number is there */
        return scheme_wrong(p, "a second label %s", p->word[1]);
    struct scheme_label *label = &s->labels[s->label_count];
    *label = (struct scheme_label){.number = (uint8_t)number, .label = (uint8_t)number};
    memcpy(label->colour, palette[s->label_count % 8], sizeof label->colour);
    for (int i = 0; i < s->label_count; i++)
        if (s->labels[i].number == number || !strcmp(s->labels[i].name, p->word[2]))
            return scheme_wrong(p, "a second label %s",
                                s->labels[i].number == number ? p->word[1] : p->word[2]);
    memcpy(label->name, p->word[2], WORD_SIZE);
    memcpy(p->meaning[s->label_count++], p->word[2], WORD_SIZE);
    int at = 3, status = check_name(p, p->word[2]);
    if (!status && at < p->words && strcmp(p->word[at], "as") && !take_colour(p->word[at++], label->colour))
        return scheme_wrong(p, "'%s' is no colour R,G,B of numbers up to 255", p->word[at - 1]);
    if (!status && at + 1 < p->words && !strcmp(p->word[at], "as")) {
        memcpy(p->meaning[s->label_count - 1], p->word[at + 1], WORD_SIZE);
        at += 2;
    }
    return status || at == p->words ? status : scheme_wrong(p, "'%s' is not understood", p->word[at]);
}

static bool has_region(const struct region *regions, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcasecmp(regions[i].name, name))
            return true;
    return false;
}

/* The name of a region that is not there yet, for which there is room. */
static int take_region_name(struct scheme_parser *p, struct region *region)
{
    const struct label_scheme *s = p->scheme;
    if (p->words < 3)
        return scheme_wrong(p, "expected is '%s NAME NUMBER...%s'", p->word[0],
                            strcmp(p->word[0], "region") ? "" : " [paints NUMBER]");
    if (s->region_count + s->scored_count == SCHEME_REGIONS_MAX)
        return scheme_wrong(p, "more than %d regions", SCHEME_REGIONS_MAX);
    if (has_region(s->regions, s->region_count, p->word[1]) ||
        has_region(s->scored, s->scored_count, p->word[1]))
        return scheme_wrong(p, "a second region %s", p->word[1]);
    memcpy(region->name, p->word[1], WORD_SIZE);
    for (int i = 0; p->word[1][i]; i++)
        region->column[i] = (char)tolower((unsigned char)p->word[1][i]);
    return check_name(p, p->word[1]);
}

/* The words from 2 on that are numbers of its labels, up to "paints"; *at: the word behind them. */
static int take_region_numbers(struct scheme_parser *p, uint8_t numbers[SCHEME_LABELS_MAX + 1], int *at)
{
    int count = 0;
    for (*at = 2; *at < p->words && strcmp(p->word[*at], "paints"); ++*at) {
        const int number = label_number(p->word[*at]);
        if (number < 0 || memchr(numbers, number, (size_t)count))
            return scheme_wrong(p, "'%s' is no number of a label, or twice there", p->word[*at]);
        numbers[count++] = (uint8_t)number;
    }
    return STATUS_OK;
}

static int check_labels(const struct scheme_parser *p, const uint8_t *numbers)
{
    return *numbers ? STATUS_OK : scheme_wrong(p, "a region of no label");
}

static int take_scored(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    int at, status = take_region_name(p, &s->scored[s->scored_count % SCHEME_REGIONS_MAX]);
    if (!status)
        status = take_region_numbers(p, p->scored[s->scored_count], &at);
    if (!status && at < p->words)
        return scheme_wrong(p, "what is only scored paints nothing");
    if (!status)
        status = check_labels(p, p->scored[s->scored_count]);
    s->scored_count += !status;
    return status;
}

/* Behind the numbers: "paints NUMBER" or "paints nothing". */
static int take_region(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    const int r = s->region_count;
    int at, status = take_region_name(p, &s->regions[r % SCHEME_REGIONS_MAX]);
    if (!status)
        status = take_region_numbers(p, p->numbers[r], &at);
    if (status)
        return status;
    p->paints[r] = -1;
    if (at < p->words) {
        p->paints[r] = at + 2 != p->words                    ? -1
                       : !strcmp(p->word[at + 1], "nothing") ? 0
                                                             : label_number(p->word[at + 1]);
        if (p->paints[r] < 0 ||
            (p->paints[r] && !memchr(p->numbers[r], p->paints[r], strlen((const char *)p->numbers[r]))))
            return scheme_wrong(p,
                                "expected is 'paints' with one of the region's numbers, or 'paints nothing'");
    }
    s->region_count++;
    return check_labels(p, p->numbers[r]);
}

/* All names of the line into a list that is still empty. */
static int take_list(struct scheme_parser *p, int most, char list[][WORD_SIZE], int *count)
{
    if (*count || p->words < 2 || p->words - 1 > most)
        return scheme_wrong(p, "expected is '%s NAME...', once", p->word[0]);
    for (int i = 1; i < p->words; i++)
        memcpy(list[(*count)++], p->word[i], WORD_SIZE);
    return STATUS_OK;
}

static int take_rows(struct scheme_parser *p)
{
    return take_list(p, SCHEME_REGIONS_MAX, p->rows, &p->row_count);
}

static int take_volumes(struct scheme_parser *p)
{
    return take_list(p, MODALITIES_MAX, p->volumes, &p->volume_count);
}

static int take_lesions(struct scheme_parser *p)
{
    if (p->words != 2 || *p->lesions)
        return scheme_wrong(p, "expected is 'lesions REGION', once");
    memcpy(p->lesions, p->word[1], WORD_SIZE);
    return STATUS_OK;
}

static int take_rule(struct scheme_parser *p)
{
    if (p->words != 2 || p->has_rule || (strcmp(p->word[1], "last") && strcmp(p->word[1], "highest")))
        return scheme_wrong(p, "expected is 'rule last' or 'rule highest', once");
    p->has_rule = true;
    p->scheme->highest = !strcmp(p->word[1], "highest");
    return STATUS_OK;
}

static int take_label_map(struct scheme_parser *p)
{
    if (p->words < 2 || p->has_label_map)
        return scheme_wrong(p, "expected is 'labelmap SUFFIX...', once");
    p->has_label_map = true;
    return scheme_take_suffixes(p, 1, &p->label_map);
}

static int take_line(struct scheme_parser *p)
{
    static const struct {
        const char *word;
        int (*take)(struct scheme_parser *p);
    } lines[] = {{"scheme", take_scheme},   {"records", take_records},   {"modality", take_modality},
                 {"label", take_label},     {"region", take_region},     {"rows", take_rows},
                 {"volumes", take_volumes}, {"lesions", take_lesions},   {"rule", take_rule},
                 {"scored", take_scored},   {"labelmap", take_label_map}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strcmp(p->word[0], lines[i].word))
            return lines[i].take(p);
    return scheme_wrong(p, "no line begins with '%s'", p->word[0]);
}

/* The line's words behind those of the lines before, as the scheme's own text. */
static void add_text(const struct scheme_parser *p, size_t *length)
{
    char *text = p->scheme->text;
    for (int i = 0; i < p->words; i++)
        *length += (size_t)sprintf(text + *length, "%s%s", i ? " " : *length ? "; " : "", p->word[i]);
}

int scheme_take_lines(struct scheme_parser *p, const char *text, size_t length)
{
    const char *end = text + length;
    size_t written = 0;
    for (int status; text < end;) {
        const char *stop = text;
        while (stop < end && *stop != '\n' && *stop != ';')
            stop++;
        p->line++;
        if ((status = split(p, text, (size_t)(stop - text))))
            return status;
        if (p->words && (status = take_line(p)))
            return status;
        if (p->words && strcmp(p->word[0], "scored") != 0)
            add_text(p, &written);
        text = stop + 1;
    }
    p->line = 0;
    return STATUS_OK;
}
