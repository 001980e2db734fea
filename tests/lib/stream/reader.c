/* Streams: joined, cut anywhere, out of order, and headers that lie. */
#include "tests/check.h"
#include "tests/lib/feed.h"

/* A case of an image and a label, as nii2raw writes it. */
static char *write_case(const char *name, size_t *bytes)
{
    struct record records[] = {sample_record(name, ROLE_IMAGE, SAMPLE_FLOAT, 2),
                               sample_record(name, ROLE_LABEL, SAMPLE_UINT8, 1)};
    records[0].last = false;
    char *text = written(2, records, bytes);
    record_free(&records[0]);
    record_free(&records[1]);
    return text;
}

static char *joined(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    char *both = malloc(a_bytes + b_bytes);
    if (!both)
        abort();
    memcpy(both, a, a_bytes);
    memcpy(both + a_bytes, b, b_bytes);
    return both;
}

/* Every prefix of a two-record stream is an error but the whole; the message names record and case. */
static void cut_anywhere(void)
{
    size_t bytes;
    char *text = write_case("one", &bytes);
    int pipe_wrong = 0, file_wrong = 0, named = 0, cuts = 0;
    for (size_t cut = 0; cut < bytes; cut++) {
        struct fed fed;
        feed_pipe(&fed, text, cut, NULL);
        pipe_wrong += fed.status != STATUS_DATA;
        bool in_data = cut >= 4096; /* the case is known from here on */
        cuts += in_data;
        named += in_data && strstr(fed.message, "record") && strstr(fed.message, "case one");
        fed_free(&fed);
        if (cut % 17 == 0 || cut + 3 > bytes) {
            feed_file(&fed, text, cut, NULL);
            file_wrong += fed.status != STATUS_DATA;
            fed_free(&fed);
        }
    }
    check(!pipe_wrong, "a stream cut at any byte is refused on a pipe (%d were not)", pipe_wrong);
    check(!file_wrong, "and in a file (%d were not)", file_wrong);
    check(named == cuts, "the message names record and case (%d of %d)", named, cuts);
    free(text);
}

static void joins(void)
{
    size_t a_bytes, b_bytes;
    char *a = write_case("one", &a_bytes), *b = write_case("two", &b_bytes);
    char *both = joined(a, a_bytes, b, b_bytes), first[512], second[512], *paths[] = {first, second};
    struct fed fed;
    feed_pipe(&fed, both, a_bytes + b_bytes, NULL);
    check(!fed.status && fed.count == 4 && fed.cases == 2, "cat of two streams is a stream");
    fed_free(&fed);
    snprintf(first, sizeof first, "%s", scratch("one.nrrd"));
    snprintf(second, sizeof second, "%s", scratch("two.nrrd"));
    write_file(first, a, a_bytes);
    write_file(second, b, b_bytes);
    feed_paths(&fed, 2, paths, NULL);
    bool whole = !fed.status && fed.count == 4 && fed.cases == 2;
    for (int i = 0; whole && i < 4; i++)
        for (size_t k = 0; k < fed.record[i].bytes; k++)
            whole = whole && ((unsigned char *)fed.record[i].data)[k] == k % 61;
    check(whole, "so are two files, with aligned and unaligned data");
    fed_free(&fed);
    write_file(first, a, 4096 + 3 * 5 * 7 * 2 * 4); /* its image only */
    feed_paths(&fed, 2, paths, NULL);
    check(fed.status == STATUS_DATA && fed.count == 1 && strstr(fed.message, "case two") &&
              strstr(fed.message, "case one"),
          "a case that begins before the one before it has ended: %s", fed.message);
    fed_free(&fed);
    write_file(second, "", 0);
    write_file(first, a, a_bytes);
    feed_paths(&fed, 2, paths, NULL);
    check(fed.status == STATUS_DATA && strstr(fed.message, "empty") && strstr(fed.message, "two.nrrd"),
          "an empty file among others: %s", fed.message);
    fed_free(&fed);
    snprintf(second, sizeof second, "%s", scratch("missing.nrrd"));
    feed_paths(&fed, 2, paths, NULL);
    check(fed.status == STATUS_FAILURE && !fed.count, "a missing file is noticed before the first is read");
    fed_free(&fed);
    snprintf(second, sizeof second, "%s", scratch("."));
    feed_paths(&fed, 2, paths, NULL);
    check(fed.status == STATUS_FAILURE && strstr(fed.message, "folder"), "a folder is not a stream");
    fed_free(&fed);
    free(a);
    free(b);
    free(both);
}

static void expects(const char *list, int wanted, const char *message)
{
    size_t a_bytes, b_bytes;
    char *a = write_case("one", &a_bytes), *b = write_case("two", &b_bytes);
    char *both = joined(a, a_bytes, b, b_bytes), path[512];
    snprintf(path, sizeof path, "%s", scratch("expect"));
    write_file(path, list, strlen(list));
    struct fed fed;
    feed_pipe(&fed, both, a_bytes + b_bytes, &(struct reader_options){.expect_path = path});
    check(fed.status == wanted && strstr(fed.message, message), "--expect with %zu bytes: %s", strlen(list),
          *fed.message ? fed.message : "as listed");
    fed_free(&fed);
    free(a);
    free(b);
    free(both);
}

/* What arrives in small and odd pieces, and is larger than memory's first piece, is the same. */
static void arrives_slowly(void)
{
    struct record records[2] = {sample_record("large", ROLE_IMAGE, SAMPLE_FLOAT, 3),
                                sample_record("large", ROLE_LABEL, SAMPLE_UINT8, 1)};
    free(records[0].data);
    memcpy(records[0].size, (int[]){251, 127, 33}, sizeof records[0].size); /* 12.6 MB */
    records[0].last = false;
    if (record_allocate(&records[0]))
        abort();
    for (size_t i = 0; i < records[0].bytes / 4; i++)
        ((float *)records[0].data)[i] = (float)i;
    size_t bytes;
    char *text = written(2, records, &bytes), path[32], *paths[] = {path};
    for (size_t chunk = 4093; chunk < 1 << 20; chunk *= 16) {
        struct fed fed;
        int end = dribble(text, bytes, chunk);
        snprintf(path, sizeof path, "/dev/fd/%d", end);
        feed_paths(&fed, 1, paths, NULL);
        bool whole = !fed.status && fed.count == 2;
        for (int i = 0; whole && i < 2; i++)
            whole = fed.record[i].bytes == records[i].bytes &&
                    !memcmp(fed.record[i].data, records[i].data, records[i].bytes);
        check(whole, "records of 12.6 MB in pieces of %zu bytes %s", chunk, fed.message);
        fed_free(&fed);
        close(end);
        wait(NULL);
    }
    free(text);
    record_free(&records[0]);
    record_free(&records[1]);
}

/* Memory of the test's own, for images alone. */
struct destination {
    unsigned char bytes[3 * 5 * 7 * 2 * 4];
    int asked;
    bool early; /* asked after the data had been read */
};

static void *destination_of(void *self, const struct record *record)
{
    struct destination *own = self;
    own->asked++;
    own->early |= record->data != NULL;
    return record->role == ROLE_IMAGE && record->bytes == sizeof own->bytes ? own->bytes : NULL;
}

/* Reads a stream of one case, perhaps cut short, with that destination; the number of records. */
static int read_into(struct destination *own, const char *path, struct fed *fed)
{
    char copy[512], *paths[] = {copy};
    struct reader *reader;
    snprintf(copy, sizeof copy, "%s", path);
    memset(own, 0, sizeof *own);
    *fed = (struct fed){0};
    if (reader_open(&reader, 1, paths, NULL))
        abort();
    reader_set_destination(reader, destination_of, own);
    for (bool got = true; got && !fed->status; fed->count += got)
        fed->status = reader_next(reader, &fed->record[fed->count], &got);
    snprintf(fed->message, sizeof fed->message, "%s", error_message());
    reader_close(reader);
    return fed->count;
}

static void destinations(void)
{
    size_t bytes;
    char *text = write_case("one", &bytes), path[512];
    struct destination own;
    struct fed fed;
    snprintf(path, sizeof path, "%s", scratch("borrowed.nrrd"));
    write_file(path, text, bytes);
    for (int pipe = 0; pipe < 2; pipe++) {
        const char *name = pipe ? "a pipe" : "a file";
        int end = pipe ? dribble(text, bytes, 100) : -1;
        if (pipe)
            snprintf(path, sizeof path, "/dev/fd/%d", end);
        bool two = read_into(&own, path, &fed) == 2 && !fed.status;
        check(two && own.asked == 2 && !own.early && fed.record[0].data == own.bytes &&
                  fed.record[0].borrowed && fed.record[1].data && !fed.record[1].borrowed,
              "%s: an image is read to its destination, a label elsewhere", name);
        fed_free(&fed);
        bool whole = true;
        for (size_t i = 0; i < sizeof own.bytes; i++)
            whole &= own.bytes[i] == i % 61;
        check(whole, "%s: all of it, and it stays when the record is freed", name);
        if (pipe) {
            close(end);
            wait(NULL);
        }
    }
    snprintf(path, sizeof path, "%s", scratch("borrowed.nrrd"));
    write_file(path, text, 4096 + sizeof own.bytes - 1);
    check(read_into(&own, path, &fed) == 0 && fed.status == STATUS_DATA && strstr(fed.message, "inside"),
          "an image cut short in borrowed memory: %s", fed.message);
    free(text);
}

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
    cut_anywhere();
    joins();
    arrives_slowly();
    destinations();
    expects("one\ntwo\n", STATUS_OK, "");
    expects("one\n\ntwo", STATUS_OK, "");
    expects("one\ntwo\nthree\n", STATUS_DATA, "three is missing");
    expects("one\n", STATUS_DATA, "two");
    expects("two\none\n", STATUS_DATA, "out of order");
    expects("one\nbetween\ntwo\n", STATUS_DATA, "between");
    expects("one\n../two\n", STATUS_DATA, "cannot name a case");
    expects("", STATUS_DATA, "one");
    refusals();
    long_refusals();
    lies_reserve_nothing();
    foreign();
    return check_exit();
}
