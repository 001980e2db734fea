/* Hostile record headers and streams: what is accepted is within limits, and can be written and read
 * again. */
#include "lib/base/error.h"
#include "lib/stream/nrrd_format.h"
#include "lib/stream/nrrd_parse.h"
#include "lib/stream/reader.h"
#include "tests/fuzz/fuzz.h"

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

static int read_stream(const uint8_t *data, size_t size)
{
    struct reader *reader;
    char path[32], *paths[] = {path};
    snprintf(path, sizeof path, "%s", fuzz_file(data, size));
    if (reader_open(&reader, 1, paths, &(struct reader_options){.max_bytes = 1 << 24}))
        abort();
    int status = STATUS_OK;
    for (bool got = true; got && !status;) {
        struct record record;
        status = reader_next(reader, &record, &got);
        fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
        for (size_t i = 0; got && i < record.bytes; i += 64)
            ((volatile char *)record.data)[i] ^= 1;
        record_free(&record);
    }
    reader_close(reader);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(data, size);
    if (read_stream(data, size))
        fuzz_refused++;
    else
        fuzz_accepted++;
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

static const char foreign[] =
    "NRRD0004\ncontent: x\ntype: unsigned char\ndimension: 3\nspace: LPS\nsizes: 2 3 4\n"
    "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\nmin: 0\n\n"
    "012345678901234567890123";

int main(void)
{
    fuzz_rounds("record", (const uint8_t *)seed, sizeof seed - 1, sizeof seed - 1 - 48, 6000);
    fuzz_rounds("foreign", (const uint8_t *)foreign, sizeof foreign - 1, sizeof foreign - 1 - 24, 3000);
    return check_exit();
}
