#include "lib/volume/scheme_parse.h"
#include "lib/base/error.h"
#include "lib/volume/scheme_lines.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scheme_label *label_numbered(const struct label_scheme *s, int number)
{
    for (int i = 0; i < s->label_count; i++)
        if (s->labels[i].number == number)
            return &s->labels[i];
    return NULL;
}

/* The labels of records by the names of what they mean, and the table from numbers to them. */
static int set_labels(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    memset(s->label_of, LABEL_NONE, sizeof s->label_of);
    s->label_of[0] = LABEL_BACKGROUND;
    for (int i = 0; i < s->label_count; i++) {
        const struct label_scheme *records = s->records;
        int k = 0;
        while (records && k < records->label_count && strcmp(records->labels[k].name, p->meaning[i]))
            k++;
        if (records ? k == records->label_count : strcmp(p->meaning[i], s->labels[i].name))
            return scheme_wrong(p, "label %s: records have no label %s", s->labels[i].name, p->meaning[i]);
        if (records)
            s->labels[i].label = records->labels[k].label;
        s->label_of[s->labels[i].number] = s->labels[i].label;
    }
    return STATUS_OK;
}

/* "0, 1, 2, 4" */
static int set_values(struct label_scheme *s)
{
    size_t length = 1;
    if (!(s->values = malloc(5 * (SCHEME_LABELS_MAX + 1))))
        return fail(STATUS_FAILURE, "out of memory");
    strcpy(s->values, "0");
    for (int number = 1; number <= SCHEME_LABELS_MAX; number++)
        if (s->label_of[number] != LABEL_NONE)
            length += (size_t)sprintf(s->values + length, ", %d", number);
    return STATUS_OK;
}

/* The number that a region paints where the scheme does not say: its only one, or the only one that no later
 * region has; -1 where there is none such. */
static int number_painted(const struct scheme_parser *p, int region)
{
    const uint8_t *numbers = p->numbers[region];
    int found = -1, count = 0;
    if (!numbers[1])
        return numbers[0];
    for (; *numbers; numbers++) {
        bool later = false;
        for (int r = region + 1; r < p->scheme->region_count; r++)
            later = later || memchr(p->numbers[r], *numbers, strlen((const char *)p->numbers[r]));
        found = later ? found : *numbers;
        count += !later;
    }
    return count == 1 ? found : -1;
}

static int set_regions(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    uint8_t seen[256] = {0};
    for (int r = 0; r < s->region_count; r++) {
        struct region *region = &s->regions[r];
        for (int i = 0; p->numbers[r][i]; i++) {
            const uint8_t number = p->numbers[r][i];
            if (s->label_of[number] == LABEL_NONE)
                return scheme_wrong(p, "region %s: there is no label %d", region->name, number);
            if (s->highest && seen[number]++)
                return scheme_wrong(p, "rule highest: label %d is in two regions", number);
            region->labels[i] = s->label_of[number];
        }
        const int paints = p->paints[r] < 0 ? number_painted(p, r) : p->paints[r];
        if (paints < 0)
            return scheme_wrong(
                p, "region %s: which label it gives a voxel is not clear: add 'paints NUMBER'", region->name);
        const struct scheme_label *label = label_numbered(s, paints ? paints : p->numbers[r][0]);
        region->label = paints ? label->label : 0;
        memcpy(region->colour, label->colour, sizeof region->colour);
    }
    return STATUS_OK;
}

static int set_scored(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    for (int r = 0; r < s->scored_count; r++) {
        struct region *region = &s->scored[r];
        for (int i = 0; p->scored[r][i]; i++) {
            if (s->label_of[p->scored[r][i]] == LABEL_NONE)
                return scheme_wrong(p, "region %s: there is no label %d", region->name, p->scored[r][i]);
            region->labels[i] = s->label_of[p->scored[r][i]];
        }
        region->row = s->region_count + r;
        memcpy(region->colour, label_numbered(s, p->scored[r][0])->colour, sizeof region->colour);
    }
    return STATUS_OK;
}

static int set_rows(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    bool seen[SCHEME_REGIONS_MAX] = {false};
    for (int r = 0; r < s->region_count; r++)
        s->regions[r].row = r;
    for (int row = 0; row < p->row_count; row++) {
        const int r = region_named(s, p->rows[row]);
        if (r < 0 || seen[r] || p->row_count != s->region_count)
            return scheme_wrong(p, "rows: each region is to be named once");
        s->regions[r].row = row;
        seen[r] = true;
    }
    s->lesions = *p->lesions ? region_named(s, p->lesions) : 0;
    return s->lesions < 0 ? scheme_wrong(p, "lesions: there is no region %s", p->lesions) : STATUS_OK;
}

static bool same_suffix(const struct modality *a, const struct modality *b)
{
    for (int i = 0; i < SUFFIXES_MAX; i++)
        for (int k = 0; k < SUFFIXES_MAX && *a->suffix[i]; k++)
            if (*b->suffix[k] && !strcmp(a->suffix[i] + 1, b->suffix[k] + 1))
                return true;
    return false;
}

static int set_files(struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    bool seen[MODALITIES_MAX] = {false};
    s->modalities[s->modality_count] = p->label_map;
    for (int a = 0; a <= s->modality_count; a++)
        for (int b = 0; b < a; b++)
            if (same_suffix(&s->modalities[a], &s->modalities[b]))
                return scheme_wrong(p, "%s and %s: their files end alike", s->modalities[b].name,
                                    s->modalities[a].name);
    for (int v = 0; v < p->volume_count; v++) {
        int m = 0;
        while (m < s->modality_count && strcmp(s->modalities[m].name, p->volumes[v]))
            m++;
        if (m == s->modality_count || seen[m] || p->volume_count != s->modality_count)
            return scheme_wrong(p, "volumes: each modality is to be named once");
        s->modalities[m].decathlon = v;
        seen[m] = true;
    }
    return STATUS_OK;
}

/* Lists of names have an end: a record's header holds them. */
static int check_lists(const struct scheme_parser *p)
{
    const struct label_scheme *s = p->scheme;
    size_t length = 0;
    if (!*s->name || !s->modality_count || !s->label_count || !s->region_count)
        return scheme_wrong(p, "a scheme has a name, a modality, a label and a region");
    for (int m = 0; m < s->modality_count; m++)
        length += strlen(s->modalities[m].name) + 1;
    return length > NAME_LIST_SIZE
               ? scheme_wrong(p, "the names of the modalities have more than %d characters",
                              NAME_LIST_SIZE - 1)
               : STATUS_OK;
}

/* Records that are another scheme's are so in everything. */
static int set_records(const struct scheme_parser *p)
{
    struct label_scheme *s = p->scheme;
    if (!s->records)
        s->records = s;
    return !scheme_same_network(s, s->records)
               ? scheme_wrong(p, "records %s: modalities or regions are others there", s->records->name)
               : STATUS_OK;
}

static int parse(struct scheme_parser *p, const char *text, size_t length)
{
    int status;
    snprintf(p->label_map.name, SCHEME_NAME_SIZE, "seg");
    p->words = 0;
    if ((status = scheme_take_suffixes(p, 0, &p->label_map)) ||
        (status = scheme_take_lines(p, text, length)) || (status = check_lists(p)) ||
        (status = set_labels(p)) || (status = set_values(p->scheme)) || (status = set_regions(p)) ||
        (status = set_scored(p)) || (status = set_rows(p)) || (status = set_files(p)))
        return status;
    return set_records(p);
}

int scheme_parse(const char *text, size_t length, const struct label_scheme *(*records)(const char *name),
                 struct label_scheme **scheme)
{
    if (length > SCHEME_TEXT_MAX)
        return fail(STATUS_DATA, "a scheme of more than %d bytes", SCHEME_TEXT_MAX);
    struct scheme_parser *p = calloc(1, sizeof *p);
    struct label_scheme *s = calloc(1, sizeof *s);
    char *own = malloc(2 * length + 1); /* a blank or a semicolon of one byte may become two */
    if (!p || !s || !own) {
        free(p);
        free(s);
        free(own);
        return fail(STATUS_FAILURE, "out of memory for a scheme");
    }
    *own = 0;
    s->text = own;
    p->scheme = s;
    p->find_records = records;
    int status = parse(p, text, length);
    free(p);
    if (status)
        scheme_parse_free(s);
    else
        *scheme = s;
    return status;
}

void scheme_parse_free(struct label_scheme *scheme)
{
    free(scheme->text);
    free(scheme->values);
    free(scheme);
}
