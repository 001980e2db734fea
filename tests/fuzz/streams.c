/* Hostile streams of two files, read in every way that tools read them: from files, a pipe or standard input,
 * with a list of cases, with digests, into the caller's memory, with a descriptor that stops. The input's first
 * byte says how (enum way), its second how many bytes of list follow, its third where the second file begins. */
#include "lib/base/error.h"
#include "lib/base/sha256.h"
#include "lib/stream/reader.h"
#include "tests/fuzz/fuzz.h"
#include <fcntl.h>

/* DIGESTED: the digests are those of the files; LISTED: the list is a table of digests. */
enum way {
    EXPECT = 1,
    LISTED = 2,
    DIGESTED = 4,
    PIPED = 8,
    STANDARD = 16,
    ELSEWHERE = 32,
    STOPPABLE = 64,
    STOPPED = 128
};
enum { ROOM = 1 << 16, FILES = 2 };

static char paths[FILES][64], list[64];

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    fuzz_promise(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && !close(fd));
}

static void remove_files(void)
{
    for (int i = 0; i < FILES; i++)
        unlink(paths[i]);
    unlink(list);
    *strrchr(list, '/') = 0;
    rmdir(list);
}

static void name_files(void)
{
    char folder[] = "/tmp/prunet-streams.XXXXXX";
    fuzz_promise(mkdtemp(folder) != NULL);
    for (int i = 0; i < FILES; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%c.nrrd", folder, 'a' + i);
    snprintf(list, sizeof list, "%s/list", folder);
    atexit(remove_files);
}

/* The right digests of both files. */
static void write_digests(const uint8_t *const *bytes, const size_t *sizes)
{
    char text[256];
    int length = 0;
    for (int i = 0; i < FILES; i++) {
        struct sha256 digest;
        char digits[SHA256_TEXT_SIZE];
        sha256_begin(&digest);
        sha256_add(&digest, bytes[i], sizes[i]);
        sha256_end(&digest, digits);
        length +=
            snprintf(text + length, sizeof text - (size_t)length, "%c\ttraining\t%s\n", 'a' + i, digits);
    }
    write_bytes(list, text, (size_t)length);
}

/* A pipe with the bytes in it, whose reading end is `as`. */
static void pipe_into(const uint8_t *bytes, size_t size, int as)
{
    int ends[2];
    fuzz_promise(!pipe(ends) && write(ends[1], bytes, size) == (ssize_t)size);
    fuzz_promise(!close(ends[1]) && dup2(ends[0], as) == as && !close(ends[0]));
}

static void *destination(void *room, const struct record *record)
{
    fuzz_promise(!record->data);
    return record->bytes <= ROOM ? room : NULL;
}

/* Reads all; the digest of what was handed on is in *text. */
static int read_all(struct reader *reader, char text[SHA256_TEXT_SIZE])
{
    struct sha256 digest;
    int status = STATUS_OK;
    sha256_begin(&digest);
    for (bool got = true; got && !status;) {
        struct record record;
        status = reader_next(reader, &record, &got);
        fuzz_promise(status == STATUS_OK ? true : !got && !record.data && !record.keys);
        if (got)
            sha256_add(&digest, record.data, record.bytes);
        record_free(&record);
    }
    sha256_end(&digest, text);
    fuzz_promise(status || reader_cases_done(reader) >= 1);
    fuzz_promise(*reader_name(reader) && reader_seconds(reader) >= 0);
    return status;
}

static int read_way(int way, char text[SHA256_TEXT_SIZE])
{
    static uint8_t room[ROOM];
    char *names[] = {paths[0], paths[1]}, *piped[] = {(char[]){"/dev/fd/0"}};
    int stop[2] = {-1, -1};
    struct reader *reader;
    struct reader_options options = {.max_bytes = 1 << 20};
    if (way & EXPECT)
        options.expect_path = list;
    if (way & (LISTED | DIGESTED))
        options.digests_path = list;
    if (way & (STOPPABLE | STOPPED)) {
        fuzz_promise(!pipe(stop));
        if (way & STOPPED)
            fuzz_promise(write(stop[1], "", 1) == 1);
        options.stop = stop;
    }
    int status = way & STANDARD ? reader_open(&reader, 0, NULL, &options)
                 : way & PIPED  ? reader_open(&reader, 1, piped, &options)
                                : reader_open(&reader, FILES, names, &options);
    if (!status) {
        if (way & ELSEWHERE)
            reader_set_destination(reader, destination, room);
        fuzz_promise(way & EXPECT || !reader_cases_expected(reader));
        status = read_all(reader, text);
        reader_close(reader);
    }
    close(stop[0]);
    close(stop[1]);
    return status;
}

/* Sound digests change nothing but when a fault is found. */
static void check_sound(int way, int status, const char *text)
{
    char plain[SHA256_TEXT_SIZE];
    int expected = read_way(way & ~(DIGESTED | LISTED), plain);
    fuzz_promise(status == expected && (status || !strcmp(text, plain)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > ROOM - 1)
        return 0;
    if (!*list)
        name_files();
    quiet = 1;
    int way = data[0];
    const size_t listed = data[1] < size - 3 ? data[1] : size - 3, rest = size - 3 - listed,
                 second = rest * data[2] / 255;
    const uint8_t *bytes[FILES] = {data + 3 + listed, data + 3 + listed + (rest - second)};
    const size_t sizes[FILES] = {rest - second, second};
    char text[SHA256_TEXT_SIZE];
    write_bytes(list, data + 3, listed);
    for (int i = 0; i < FILES; i++)
        write_bytes(paths[i], bytes[i], sizes[i]);
    if (way & DIGESTED) {
        write_digests(bytes, sizes);
        way &= ~(EXPECT | PIPED | STANDARD);
    }
    if (way & (PIPED | STANDARD))
        pipe_into(bytes[0], sizes[0], STDIN_FILENO);
    int status = read_way(way, text);
    bool stopped = way & STOPPED && status == STATUS_RETRY,
         unknown = way & STANDARD && way & LISTED && status == STATUS_USAGE;
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA || stopped || unknown);
    if (way & DIGESTED)
        check_sound(way, status, text);
    *(status ? &fuzz_refused : &fuzz_accepted) += 1;
    return 0;
}

/* Two cases of two records in the first file, one in the second. */
static size_t make_seed(uint8_t *seed, int way, const char *text)
{
    static const char *const record =
        "NRRD0005\ntype: %s\ndimension: 3\nspace: right-anterior-superior\nsizes: 2 3 2\n"
        "space directions: (-1,0,0) (0,-1,0) (0,0,1)\nspace origin: (0,2,0)\nencoding: raw\nendian: little\n"
        "prunet.version:=1\nprunet.role:=%s\nprunet.case:=case_%d\nprunet.last:=%d\n\n";
    size_t length = 3 + strlen(text), first = 0;
    seed[0] = (uint8_t)way;
    seed[1] = (uint8_t)strlen(text);
    memcpy(seed + 3, text, strlen(text));
    for (int i = 0; i < 6; i++) {
        const bool label = i % 2;
        first = i == 4 ? length : first;
        length += (size_t)sprintf((char *)seed + length, record, label ? "uint8" : "int16",
                                  label ? "label" : "image", i / 2, label);
        memset(seed + length, i, 12 * 2);
        length += label ? 12 : 24;
    }
    const size_t rest = length - 3 - strlen(text), second = length - first;
    for (int cut = 0; cut < 256; cut++) /* that there is one is checked: the input is good */
        if (rest * (size_t)cut / 255 == second)
            seed[2] = (uint8_t)cut;
    return length;
}

int main(void)
{
    static const char cases[] = "case_0\ncase_1\ncase_2\n", first_file[] = "case_0\ncase_1\n";
    static const struct {
        const char *name, *text;
        int way;
    } seeds[] = {{"stream of files", "", ELSEWHERE},
                 {"expected cases of a stream", cases, EXPECT | STOPPABLE},
                 {"stream with digests", "", DIGESTED},
                 {"stream in a pipe", "", PIPED | STOPPABLE},
                 {"stream on standard input", first_file, STANDARD | EXPECT}};
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        uint8_t seed[8192];
        size_t size = make_seed(seed, seeds[i].way, seeds[i].text);
        fuzz_rounds(seeds[i].name, seed, size, size, 500);
    }
    fuzz_corpus("streams");
    return check_exit();
}
