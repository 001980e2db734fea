/* Hostile record headers and streams: what is accepted keeps the limits, can be written and read again, and
 * used. */
#include "lib/base/error.h"
#include "lib/base/process.h"
#include "lib/stream/nrrd_format.h"
#include "lib/stream/nrrd_parse.h"
#include "lib/stream/reader.h"
#include "lib/stream/zstd.h"
#include "tests/fuzz/use_record.h"
#include "tests/lib/feed.h"

/* What a tool could give by mistake is refused when it is written. */
static void format_mistakes(const struct record *record)
{
    static char text[NRRD_HEADER_MAX];
    struct record mistakes[] = {*record, *record, *record, *record};
    size_t length;
    mistakes[0].case_name[0] = '-';
    mistakes[1].size[2] = 0;
    mistakes[2].channels = RECORD_CHANNELS_MAX + 1;
    mistakes[3].origin[1] = NAN;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        fuzz_promise(nrrd_format(&mistakes[i], text, &length) == STATUS_DATA);
}

static void reread(const struct record *record)
{
    static char text[NRRD_HEADER_MAX];
    struct record again;
    size_t length;
    int offset[3];
    (void)record_offset(record, offset);
    fuzz_promise(case_name_valid(record->case_name) && record->channels >= 1 &&
                 record->channels <= RECORD_CHANNELS_MAX);
    for (int i = 0; i < 3; i++)
        fuzz_promise(record->size[i] >= 1 && record->size[i] <= RECORD_SIZE_MAX);
    format_mistakes(record);
    if (nrrd_format(record, text, &length))
        return; /* other programs' keys can be too many for a header of ours */
    fuzz_promise(length % NRRD_PAGE == 0 && nrrd_header_length(text, length) == length);
    fuzz_promise(!nrrd_parse(text, length, "fuzz", &again));
    fuzz_promise(!strcmp(again.case_name, record->case_name) && again.bytes == record->bytes &&
                 again.last == record->last && again.has_grid == record->has_grid);
    record_free(&again);
}

static void parse(const uint8_t *data, size_t size)
{
    struct record record;
    size_t length = nrrd_header_length((const char *)data, size);
    char *text = length ? malloc(length) : NULL;
    if (!text)
        return;
    memcpy(text, data, length);
    if (!nrrd_parse(text, length, "fuzz", &record))
        reread(&record);
    record_free(&record);
    free(text);
}

/* Where a small payload is read to: `room`, of SMALL_BYTES. */
static void *destination(void *room, const struct record *record)
{
    fuzz_promise(!record->data);
    return record->bytes <= SMALL_BYTES ? room : NULL;
}

/* FROM_FILE: what is read is used, too. */
enum way { FROM_FILE, COPIED, ELSEWHERE };

/* Reads a stream to its end: its status, and how many records and bytes there were. */
static int read_stream(const char *path, enum way way, size_t *records, size_t *bytes)
{
    static uint8_t room[SMALL_BYTES];
    struct reader *reader;
    char *paths[] = {(char *)(uintptr_t)path};
    *records = *bytes = 0;
    if (reader_open(&reader, 1, paths, &(struct reader_options){.max_bytes = 1 << 22}))
        abort();
    process_is_guest = way == COPIED;
    if (way == ELSEWHERE)
        reader_set_destination(reader, destination, room);
    int status = STATUS_OK;
    for (bool got = true; got && !status;) {
        struct record record;
        status = reader_next(reader, &record, &got);
        fuzz_promise(status == STATUS_OK || status == STATUS_DATA ||
                     (status == STATUS_FAILURE && !zstd_is_built_in()));
        fuzz_promise(!status || (!record.data && !record.keys));
        for (size_t i = 0; got && i < record.bytes; i += 64)
            ((volatile char *)record.data)[i] ^= 1;
        if (got && !status) {
            if (way == FROM_FILE)
                use_record(&record);
            *records += 1, *bytes += record.bytes;
        }
        record_free(&record);
    }
    fuzz_promise(reader_cases_done(reader) <= *records && reader_seconds(reader) >= 0);
    reader_close(reader);
    return status;
}

/* A pipe's reading end with the bytes in it, as a path. */
static const char *fuzz_pipe(const uint8_t *data, size_t size, int *end)
{
    static char path[32];
    int ends[2];
    fuzz_promise(!pipe(ends) && write(ends[1], data, size) == (ssize_t)size);
    close(ends[1]);
    *end = ends[0];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    return path;
}

/* Keys of other programs until there is no room in a header, by bytes or by lines. */
static void too_many_keys(size_t bytes, int count)
{
    static char text[NRRD_HEADER_MAX];
    struct record record = {
        .role = ROLE_IMAGE, .channels = 1, .size = {1, 1, 1}, .case_name = "fuzz", .last = true};
    char value[1024] = "", key[16];
    size_t length;
    memset(value, 'v', bytes);
    for (int i = 0; i < count; i++) {
        fuzz_promise(!nrrd_format(&record, text, &length) || i > count / 3);
        snprintf(key, sizeof key, "key%d", i);
        fuzz_promise(!record_set_key(&record, key, value));
    }
    fuzz_promise(nrrd_format(&record, text, &length) == STATUS_DATA);
    record_free(&record);
}

/* How a stream of these many bytes, all of them blank, is refused; from a file. */
static void endless_header(size_t size)
{
    uint8_t *bytes = malloc(size);
    size_t records, count;
    fuzz_promise(bytes != NULL);
    memset(bytes, ' ', size);
    memcpy(bytes, "NRRD0005\n", 9);
    fuzz_promise(read_stream(fuzz_file(bytes, size), FROM_FILE, &records, &count) == STATUS_DATA && !records);
    free(bytes);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct reader *reader;
    char *missing[] = {(char[]){"/dev/null/none"}}, *folder[] = {(char[]){"/dev"}};
    struct record record;
    bool got;
    (void)argc, (void)argv;
    too_many_keys(1000, 100);
    too_many_keys(1, 2 * NRRD_LINES_MAX);
    endless_header(2 * NRRD_HEADER_MAX);
    fuzz_promise(reader_open(&reader, 1, missing, NULL) == STATUS_FAILURE);
    fuzz_promise(!reader_open(&reader, 1, folder, NULL) &&
                 reader_next(reader, &record, &got) == STATUS_FAILURE);
    reader_close(reader);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t records[2], bytes[2];
    quiet = 1;
    parse(data, size);
    int status = read_stream(fuzz_file(data, size), FROM_FILE, &records[0], &bytes[0]);
    fuzz_promise(read_stream(fuzz_file(data, size), COPIED, &records[1], &bytes[1]) == status &&
                 records[1] == records[0] && bytes[1] == bytes[0]);
    if (size <= SMALL_BYTES) { /* and from a pipe, into memory of ours */
        int end, piped = read_stream(fuzz_pipe(data, size, &end), ELSEWHERE, &records[1], &bytes[1]);
        close(end);
        fuzz_promise(piped == status && records[1] == records[0] && bytes[1] == bytes[0]);
    }
    *(status ? &fuzz_refused : &fuzz_accepted) += 1;
    return 0;
}

static const char seed[] =
    "NRRD0005\n# prunet-nrrd 1\ntype: int16\ndimension: 4\nspace: right-anterior-superior\nsizes: 2 3 2 2\n"
    "space directions: (-1,0,0) (0,-1,0) (0,0,1) none\nkinds: domain domain domain list\nendian: little\n"
    "encoding: raw\nspace units: \"mm\" \"mm\" \"mm\"\nspace origin: (-1,2,0)\nprunet.version:=1\n"
    "prunet.role:=image\nprunet.case:=BraTS_1\nprunet.channels:=t1 t2\nprunet.grid:=4 5 6\n"
    "prunet.affine:=-1 0 0 0 0 -1 0 4 0 0 1 0\nprunet.qform:=1 0 0 1 0 4 0 1 1 1 1\n"
    "prunet.sform:=1 -1 0 0 0 0 -1 0 4 0 0 1 0\nprunet.units:=2\nother:=1\nprunet.last:=1\n\n"
    "012345678901234567890123456789012345678901234567"; /* 48 bytes of payload */

static const char bfloat16[] =
    "NRRD0005\ntype: block\nblock size: 2\ndimension: 3\nspace: right-anterior-superior\nsizes: 2 3 2\n"
    "space directions: (-1,0,0) (0,-1,0) (0,0,1)\nspace origin: (0,2,0)\nencoding: raw\nendian: little\n"
    "prunet.grid:=2 3 2\nprunet.affine:=-1 0 0 0 0 -1 0 2 0 0 1 0\n"
    "prunet.version:=1\nprunet.role:=prob\nprunet.case:=BraTS_1\nprunet.dtype:=bfloat16\nprunet.last:=1\n\n"
    "012345678901234567890123";

static const char foreign[] =
    "NRRD0004\ncontent: x\ntype: unsigned char\ndimension: 3\nspace: LPS\nsizes: 2 3 4\n"
    "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\nmin: 0\n\n"
    "012345678901234567890123";

static const char turned[] =
    "NRRD0005\ntype: uint8\ndimension: 3\nspace: right-anterior-superior\nsizes: 2 3 2\n"
    "space directions: (0,1,0) (-1,0,0) (0,0,1)\nspace origin: (0,1,0)\nencoding: raw\nendian: little\n"
    "prunet.axes:=-2 1 3\nprunet.grid:=3 2 2\nprunet.affine:=-1 0 0 0 0 -1 0 2 0 0 1 0\n"
    "prunet.version:=1\nprunet.role:=label\nprunet.case:=BraTS_1\nprunet.last:=1\n\n012345678901";

/* A record of 16 bits, or compressed as well. */
static void stored_rounds(const char *name, bool compressed, int rounds)
{
    const struct storage_choice choice = {.half = true, .zstd = compressed};
    const char *path = scratch("stored.nrrd");
    struct record record = sample_record("case", ROLE_IMAGE, SAMPLE_FLOAT, 2);
    struct output output;
    size_t size;
    if (output_open(&output, path, true) || record_write_as(&output, &record, &choice) ||
        output_commit(&output))
        abort();
    char *bytes = read_file(path, &size);
    fuzz_rounds(name, (uint8_t *)bytes, size, size, rounds);
    free(bytes);
    record_free(&record);
}

int main(void)
{
    LLVMFuzzerInitialize(NULL, NULL);
    fuzz_rounds("record", (const uint8_t *)seed, sizeof seed - 1, sizeof seed - 1 - 48, 6000);
    fuzz_rounds("bfloat16", (const uint8_t *)bfloat16, sizeof bfloat16 - 1, sizeof bfloat16 - 1 - 24, 1000);
    fuzz_rounds("turned", (const uint8_t *)turned, sizeof turned - 1, sizeof turned - 1 - 12, 2000);
    stored_rounds("16 bits", false, 1000);
    if (zstd_is_built_in())
        stored_rounds("16 bits, compressed", true, 1000);
    else
        skip("built without zstd", "16 bits, compressed");
    fuzz_rounds("foreign", (const uint8_t *)foreign, sizeof foreign - 1, sizeof foreign - 1 - 24, 3000);
    fuzz_corpus("nrrd");
    return check_exit();
}
