#include "lib/stream/nrrd_lines.h"
#include "lib/base/error.h"
#include "lib/stream/nrrd_text.h"
#include <string.h>
#include <strings.h>

/* Names as teem writes and reads them, without regard to case; two names of one field share a slot. */
static const struct {
    const char *name;
    int field;
} field_names[] = {
    {"type", FIELD_TYPE},
    {"block size", FIELD_BLOCK_SIZE},
    {"blocksize", FIELD_BLOCK_SIZE},
    {"dimension", FIELD_DIMENSION},
    {"sizes", FIELD_SIZES},
    {"encoding", FIELD_ENCODING},
    {"endian", FIELD_ENDIAN},
    {"kinds", FIELD_KINDS},
    {"space", FIELD_SPACE},
    {"space directions", FIELD_DIRECTIONS},
    {"space origin", FIELD_ORIGIN},
    {"space units", FIELD_UNITS},
    {"content", FIELD_IGNORED},
    {"number", FIELD_IGNORED + 1},
    {"spacings", FIELD_IGNORED + 2},
    {"thicknesses", FIELD_IGNORED + 3},
    {"axis mins", FIELD_IGNORED + 4},
    {"axismins", FIELD_IGNORED + 4},
    {"axis maxs", FIELD_IGNORED + 5},
    {"axismaxs", FIELD_IGNORED + 5},
    {"centers", FIELD_IGNORED + 6},
    {"centerings", FIELD_IGNORED + 6},
    {"labels", FIELD_IGNORED + 7},
    {"units", FIELD_IGNORED + 8},
    {"min", FIELD_IGNORED + 9},
    {"max", FIELD_IGNORED + 10},
    {"old min", FIELD_IGNORED + 11},
    {"oldmin", FIELD_IGNORED + 11},
    {"old max", FIELD_IGNORED + 12},
    {"oldmax", FIELD_IGNORED + 12},
    {"sample units", FIELD_IGNORED + 13},
    {"sampleunits", FIELD_IGNORED + 13},
    {"space dimension", FIELD_IGNORED + 14},
    {"measurement frame", FIELD_IGNORED + 15},
};

/* Fields that would make the reader open other files or skip bytes are refused. */
static const char *const refused_fields[] = {"data file", "datafile",  "line skip",
                                             "lineskip",  "byte skip", "byteskip"};

static const char *const key_names[KEY_COUNT] = {
    [KEY_VERSION] = "prunet.version", [KEY_ROLE] = "prunet.role",         [KEY_CASE] = "prunet.case",
    [KEY_GRID] = "prunet.grid",       [KEY_CHANNELS] = "prunet.channels", [KEY_AFFINE] = "prunet.affine",
    [KEY_LAST] = "prunet.last",       [KEY_QFORM] = "prunet.qform",       [KEY_SFORM] = "prunet.sform",
    [KEY_UNITS] = "prunet.units",     [KEY_DTYPE] = "prunet.dtype",       [KEY_AXES] = "prunet.axes",
    [KEY_SCALE] = "prunet.scale",     [KEY_PAYLOAD] = "prunet.payload"};

static int repeated(const char *name)
{
    return fail(STATUS_DATA, "'%.60s' is given twice in the header", name);
}

static int sort_field(struct nrrd_lines *lines, const char *name, const char *text)
{
    for (size_t i = 0; i < sizeof refused_fields / sizeof refused_fields[0]; i++)
        if (!strcasecmp(name, refused_fields[i]))
            return fail(STATUS_DATA, "'%s' is refused: header and data must be one piece", name);
    for (size_t i = 0; i < sizeof field_names / sizeof field_names[0]; i++) {
        if (strcasecmp(name, field_names[i].name))
            continue;
        const char **slot = &lines->field[field_names[i].field];
        if (*slot)
            return repeated(name);
        *slot = text + strspn(text, " \t");
        return STATUS_OK;
    }
    return fail(STATUS_DATA, "unknown field '%.60s'", name);
}

static int sort_key(struct nrrd_lines *lines, const char *name, const char *text)
{
    char value[2];
    for (int i = 0; i < KEY_COUNT; i++) {
        if (strcmp(name, key_names[i]))
            continue;
        if (lines->key[i])
            return repeated(name);
        lines->key[i] = text;
        return STATUS_OK;
    }
    if (record_key(lines->record, name, value, sizeof value))
        return repeated(name);
    return record_set_key(lines->record, name, text);
}

static int sort_line(struct nrrd_lines *lines, char *line)
{
    if (*line == '#')
        return STATUS_OK;
    char *colon = strchr(line, ':');
    if (!colon || (colon[1] != ' ' && colon[1] != '='))
        return fail(STATUS_DATA, "neither a field nor a key: %.60s", line);
    bool is_key = colon[1] == '=';
    *colon = 0;
    return is_key ? sort_key(lines, line, colon + 2) : sort_field(lines, line, colon + 2);
}

static int check_characters(const char *text, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        count += c == '\n';
        if (c != '\n' && c != '\t' && (c < ' ' || c > '~'))
            return fail(STATUS_DATA, "byte 0x%02x in the header, at %zu", c, i);
    }
    return count > NRRD_LINES_MAX ? fail(STATUS_DATA, "a header of more than %d lines", NRRD_LINES_MAX)
                                  : STATUS_OK;
}

int nrrd_sort_lines(struct nrrd_lines *lines, char *text, size_t length)
{
    int status = check_characters(text, length);
    if (status)
        return status;
    if (length < 9 || strncmp(text, "NRRD000", 7) || text[7] < '1' || text[7] > '5' || text[8] != '\n')
        return fail(STATUS_DATA, "not a NRRD record (NRRD0001 to NRRD0005)");
    char *end = text + length - 1; /* the second line feed of the empty line */
    for (char *line = text + 9; line < end;) {
        char *next = memchr(line, '\n', (size_t)(end - line));
        *next = 0;
        if ((status = sort_line(lines, line)))
            return status;
        line = next + 1;
    }
    return STATUS_OK;
}
