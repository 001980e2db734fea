/* Headers: what is refused, what lies, and what other programs wrote. */
#include "tests/check.h"
#include "tests/lib/feed.h"

/* A header of `lines` and 24 bytes of payload. */
static void feed_text(struct fed *fed, const char *lines, size_t length)
{
    char text[80000] = {0};
    memcpy(text, lines, length);
    feed_pipe(fed, text, length + 24, NULL);
}

static const char good_header[] =
    "NRRD0005\ntype: uint8\ndimension: 4\nsizes: 2 3 2 2\nencoding: raw\n"
    "space: RAS\nspace directions: (1,0,0) (0,1,0) (0,0,1) none\nspace origin: (0,0,0)\n"
    "kinds: domain domain domain list\nendian: little\nprunet.version:=1\n"
    "prunet.role:=mask\nprunet.case:=c\nprunet.last:=1\nprunet.grid:=2 3 2\n"
    "prunet.affine:=1 0 0 0 0 1 0 0 0 0 1 0\n\n";

/* The good header with the line that starts with `line` replaced, or `with` added when line is NULL. */
static size_t edited(char *text, const char *line, const char *with)
{
    const char *at = line ? strstr(good_header, line) : good_header + strlen(good_header) - 1;
    if (!at)
        abort();
    const char *rest = line ? strchr(at, '\n') + 1 : at;
    return (size_t)sprintf(text, "%.*s%s%s", (int)(at - good_header), good_header, with, rest);
}

static void refusals(void)
{
    static const struct {
        const char *line, *with, *message;
    } bad[] = {
        {NULL, "data file: /etc/passwd\n", "data file"},
        {NULL, "datafile: LIST\n", "datafile"},
        {NULL, "line skip: 0\n", "line skip"},
        {NULL, "lineskip: 1\n", "lineskip"},
        {NULL, "byte skip: -1\n", "byte skip"},
        {NULL, "Byte Skip: 4\n", "Byte Skip"},
        {"encoding", "encoding: gzip\n", "only raw"},
        {"encoding", "encoding: ascii\n", "only raw"},
        {"encoding", "", "'encoding' is missing"},
        {"endian", "endian: big\n", "only little"},
        {"type", "type: int16\nkinds: domain\n", "twice"},
        {NULL, "type: uint8\n", "twice"},
        {NULL, "Type: uint8\n", "twice"},
        {NULL, "prunet.last:=1\n", "twice"},
        {NULL, "other:=1\nother:=1\n", "twice"},
        {"type", "type: double\n", "only float"},
        {"type", "type: block\nblock size: 2\n", "only float"},
        {"type", "type: block\nblock size: 3\nprunet.dtype:=bfloat16\n", "bfloat16"},
        {"type", "type: uint8\nprunet.dtype:=bfloat16\n", "bfloat16"},
        {"type", "", "'type' is missing"},
        {"dimension", "dimension: 2\n", "dimension 2"},
        {"dimension", "dimension: 5\n", "dimension 5"},
        {"dimension", "", "'dimension' is missing"},
        {"sizes", "sizes: 2 3 2\n", "sizes"},
        {"sizes", "sizes: 2 3 2 2 1\n", "sizes"},
        {"sizes", "sizes: 0 3 2 2\n", "not within"},
        {"sizes", "sizes: -2 3 2 2\n", "not within"},
        {"sizes", "sizes: 4097 3 2 2\n", "not within"},
        {"sizes", "sizes: 2 3 2 65\n", "not within"},
        {"sizes", "sizes: 99999999999999999999 3 2 2\n", "sizes"},
        {"sizes", "sizes: 2.5 3 2 2\n", "sizes"},
        {"sizes", "sizes: 4096 4096 4096 64\n", "more than the limit"},
        {"sizes", "", "'sizes' is missing"},
        {"space:", "space: scanner-xyz\n", "only right-anterior-superior"},
        {"space directions", "space directions: (1,0,0) (0,1,0) none (0,0,1)\n", "space directions"},
        {"space directions", "space directions: (1,0,0) (0,1,0) (0,0,nan) none\n", "space directions"},
        {"space directions", "space directions: (1,0,0) (0,1,0) (0,0,1e999) none\n", "space directions"},
        {"space directions", "space directions: (1,0,0) (0,1,0) (0,0,0x1) none\n", "space directions"},
        {"space directions", "space directions: (0,0,0) (0,1,0) (0,0,1e308) none\n", "singular"},
        {"space directions", "space directions: (1,0,0) (0,1,0) (1,1,0) none\n", "singular"},
        {"space directions", "", "'space directions' is missing"},
        {"space origin", "space origin: (0,inf,0)\n", "space origin"},
        {"space origin", "", "'space origin' is missing"},
        {NULL, "space units: \"cm\" \"cm\" \"cm\"\n", "only \"mm\""},
        {"kinds", "kinds: list domain domain domain\n", "channels last"},
        {"kinds", "kinds: domain domain domain\n", "kinds"},
        {"prunet.version", "prunet.version:=2\n", "not understood"},
        {"prunet.role", "prunet.role:=picture\n", "prunet.role"},
        {"prunet.role", "", "'prunet.role' is missing"},
        {"prunet.case", "prunet.case:=../x\n", "prunet.case"},
        {"prunet.case", "prunet.case:=-rf\n", "prunet.case"},
        {"prunet.case", "", "'prunet.case' is missing"},
        {"prunet.last", "prunet.last:=2\n", "prunet.last"},
        {"prunet.last", "", "'prunet.last' is missing"},
        {"prunet.grid", "", "'prunet.grid' is missing"},
        {"prunet.grid", "prunet.grid:=2 3 0\n", "prunet.grid"},
        {"prunet.affine", "", "'prunet.affine' is missing"},
        {"prunet.affine", "prunet.affine:=1 0 0 0 0 1 0 0 0 0 1 nan\n", "prunet.affine"},
        {"prunet.affine", "prunet.affine:=1 0 0 0 0 1e200 0 0 0 0 1e200 0\n", "singular"},
        {NULL, "prunet.qform:=1 0 0 0\n", "prunet.qform"},
        {NULL, "prunet.sform:=1.5 0 0 0 0 0 0 0 0 0 0 0 0\n", "prunet.sform"},
        {NULL, "prunet.units:=256\n", "prunet.units"},
        {NULL, "prunet.channels:=t1 t1ce t2\n", "names 3 channels"},
        {NULL, "nonsense\n", "neither a field nor a key"},
        {NULL, "nonsense: 1\n", "unknown field"},
        {NULL, "content: \x1b[31m\n", "byte 0x1b"},
        {NULL, "content: a\r\n", "byte 0x0d"},
        {NULL, "content: \xc3\xa9\n", "byte 0xc3"},
        {"NRRD", "NRRD0006\n", "not a NRRD"},
        {"NRRD", "NRRD0000\n", "not a NRRD"},
        {"NRRD", "PNG\n", "not a NRRD"},
    };
    char text[4096];
    struct fed fed;
    feed_text(&fed, good_header, strlen(good_header));
    check(!fed.status && fed.count == 1, "the header that is then edited is good %s", fed.message);
    fed_free(&fed);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t length = edited(text, bad[i].line, bad[i].with);
        feed_text(&fed, text, length);
        check(fed.status == STATUS_DATA && !fed.count && strstr(fed.message, bad[i].message), "refused: %s",
              fed.message);
        fed_free(&fed);
    }
    size_t length = edited(text, NULL, "content: a?b\n");
    *strchr(text, '?') = 0;
    feed_text(&fed, text, length);
    check(fed.status == STATUS_DATA && strstr(fed.message, "byte 0x00"), "refused: %s", fed.message);
    fed_free(&fed);
}

static void long_refusals(void)
{
    static char text[80000];
    char *at = text + sprintf(text, "%.*s", (int)strlen(good_header) - 1, good_header);
    struct fed fed;
    for (int i = 0; i < 300; i++)
        at += sprintf(at, "# %d\n", i);
    strcpy(at, "\n");
    feed_text(&fed, text, strlen(text));
    check(fed.status == STATUS_DATA && strstr(fed.message, "256 lines"), "refused: %s", fed.message);
    fed_free(&fed);
    memset(text, ' ', sizeof text);
    memcpy(text, good_header, strlen(good_header) - 1);
    text[strlen(good_header) - 1] = '#';
    write_file(scratch("long"), text, sizeof text);
    char path[512], *paths[] = {path};
    snprintf(path, sizeof path, "%s", scratch("long"));
    feed_paths(&fed, 1, paths, NULL);
    check(fed.status == STATUS_DATA && strstr(fed.message, "65536"), "refused: %s", fed.message);
    fed_free(&fed);
}

/* KiB, or 0. */
static long address_space_peak(void)
{
    char line[256];
    long peak = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        sscanf(line, "VmPeak: %ld", &peak);
    if (status)
        fclose(status);
    return peak;
}

/* A header that promises 3.75 GiB, and 24 bytes: what is reserved follows what arrives. */
static void lies_reserve_nothing(void)
{
    char text[4096];
    size_t length = edited(text, "sizes", "sizes: 4096 4096 60 4\n");
    struct fed fed;
    long before = address_space_peak();
    feed_text(&fed, text, length);
    long reserved = address_space_peak() - before;
    check(fed.status == STATUS_DATA && strstr(fed.message, "24 of 4026531840 bytes"), "refused: %s",
          fed.message);
    check(before > 0 && reserved < 64 << 10, "for which %ld KiB were reserved", reserved);
    fed_free(&fed);
    feed_pipe(&fed, good_header, strlen(good_header), &(struct reader_options){.max_bytes = 23});
    check(fed.status == STATUS_DATA && strstr(fed.message, "limit of 23"), "refused: %s", fed.message);
    fed_free(&fed);
}

static void foreign(void)
{
    static const char lps[] =
        "NRRD0004\n# from elsewhere\ntype: unsigned char\ndimension: 3\n"
        "space: left-posterior-superior\nsizes: 2 3 4\n"
        "space directions: (1,0,0) (0,1,0) ( 0 , 0 , 2 )\nkinds: domain domain domain\n"
        "encoding: raw\nspace origin: (5,6,7)\nspacings: nan nan nan\nprunet.case:=stray\n\n";
    struct fed fed;
    int offset[3];
    feed_text(&fed, lps, strlen(lps));
    const struct record *r = &fed.record[0];
    check(!fed.status && fed.count == 1 && r->foreign && r->last && r->role == ROLE_LABEL &&
              case_name_valid(r->case_name) && strcmp(r->case_name, "stray"),
          "a NRRD of another program is a record: %s", fed.status ? fed.message : r->case_name);
    check(!fed.status && r->directions[0][0] == -1 && r->directions[1][1] == -1 && r->directions[2][2] == 2 &&
              r->origin[0] == -5 && r->origin[1] == -6 && r->origin[2] == 7 && !record_offset(r, offset),
          "its LPS geometry becomes RAS, and it is its own source grid");
    size_t bytes;
    char *text = written(1, r, &bytes);
    fed_free(&fed);
    feed_pipe(&fed, text, bytes, NULL);
    check(!fed.status && fed.count == 1 && !fed.record[0].foreign, "written again it is one of ours");
    free(text);
    fed_free(&fed);
    char two[1024];
    memcpy(two, lps, strlen(lps));
    memset(two + strlen(lps), 0, 48);
    feed_text(&fed, two, strlen(lps) + 24);
    check(fed.status == STATUS_DATA && strstr(fed.message, "foreign"), "bytes after it: %s", fed.message);
    fed_free(&fed);
    static const char plain[] = "NRRD0001\nencoding: raw\nsizes: 2 3 4\ndimension: 3\ntype: uchar\n\n";
    feed_text(&fed, plain, strlen(plain));
    check(!fed.status && fed.count == 1 && !fed.record[0].has_geometry,
          "one without space has no geometry, in any order of fields");
    fed_free(&fed);
    static const char shorts[] = "NRRD0001\nencoding: raw\nsizes: 2 3 2\ndimension: 3\ntype: short\n\n";
    feed_text(&fed, shorts, strlen(shorts));
    check(fed.status == STATUS_DATA && strstr(fed.message, "endian"), "refused: %s", fed.message);
    fed_free(&fed);
}

int main(void)
{
    refusals();
    long_refusals();
    lies_reserve_nothing();
    foreign();
    return check_exit();
}
