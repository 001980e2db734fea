/* Record files that are large enough for a thread to digest them beside the reading: floats, integers and
 * compressed ones, sound, damaged, and changed meanwhile, with the thread and without. */
#include "lib/base/sha256.h"
#include "lib/stream/zstd.h"
#include "tests/check.h"
#include "tests/lib/feed.h"
#include "tests/lib/threads.h"
#include <fcntl.h>
#include <sys/stat.h>

static const int size[3] = {131, 97, 89}; /* 1.1 million voxels: 9, 4.5 and 1.1 MB */
enum { PIECE = 1 << 18, PAGE = 4096 };
static char path[512], table[512];

static struct record large(enum role role, enum sample sample, int channels)
{
    struct record record = sample_record("case", role, sample, channels);
    free(record.data);
    memcpy(record.size, size, sizeof record.size);
    if (record_allocate(&record))
        abort();
    uint32_t draw = 1;
    for (size_t i = 0; i < record_voxels(&record) * (size_t)channels; i++) {
        draw = draw * 1664525 + 1013904223;
        if (sample == SAMPLE_FLOAT)
            ((float *)record.data)[i] = (float)(draw >> 8) * 0x1p-21f - 4;
        else
            ((uint8_t *)record.data)[i] = (uint8_t)(draw >> 30);
    }
    return record;
}

/* The bytes of a case, its file and its row of the table. */
static char *write_case(const struct storage_choice *choice, size_t *bytes)
{
    struct record image = large(ROLE_IMAGE, SAMPLE_FLOAT, 2), label = large(ROLE_LABEL, SAMPLE_UINT8, 1);
    struct output output;
    struct sha256 sha;
    char text[SHA256_TEXT_SIZE];
    image.last = false;
    snprintf(path, sizeof path, "%s", scratch("case.nrrd"));
    snprintf(table, sizeof table, "%s", scratch("inputs.tsv"));
    if (output_open(&output, path, true) || record_write_as(&output, &image, choice) ||
        record_write_as(&output, &label, choice) || output_commit(&output))
        abort();
    record_free(&image);
    record_free(&label);
    char *file = read_file(path, bytes);
    sha256_begin(&sha);
    sha256_add(&sha, file, *bytes);
    sha256_end(&sha, text);
    FILE *rows = fopen(table, "w");
    fprintf(rows, "case\ttraining\t%s\n", text);
    fclose(rows);
    return file;
}

static void feed_case(struct fed *fed, bool digested)
{
    char *list[] = {path};
    feed_paths(fed, 1, list, &(struct reader_options){.digests_path = digested ? table : NULL});
}

/* Whether two readings of a case gave the same. */
static bool same_records(const struct fed *a, const struct fed *b)
{
    bool same = !a->status && !b->status && a->count == 2 && b->count == 2;
    for (int i = 0; same && i < 2; i++)
        same = a->record[i].bytes == b->record[i].bytes &&
               !memcmp(a->record[i].data, b->record[i].data, a->record[i].bytes);
    return same;
}

static void turn_bit(size_t place)
{
    char byte;
    int fd = open(path, O_RDWR);
    if (fd < 0 || pread(fd, &byte, 1, (off_t)place) != 1)
        abort();
    byte ^= 4;
    if (pwrite(fd, &byte, 1, (off_t)place) != 1)
        abort();
    close(fd);
}

/* A bit at the ends of pieces, of records and of the file. */
static void damaged(size_t bytes, const char *name)
{
    const size_t places[] = {PAGE,      PAGE + PIECE - 1, PAGE + PIECE, PAGE + 2 * PIECE + 77,
                             bytes / 2, bytes - 1};
    int taken = 0, handed_on = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct fed fed;
        turn_bit(places[i]);
        feed_case(&fed, true);
        taken += fed.status != STATUS_DATA;
        handed_on += fed.count;
        fed_free(&fed);
        turn_bit(places[i]);
    }
    check(!taken && !handed_on && threads.made == threads.joined, "%s: a bit turned: %d taken, %d handed on",
          name, taken, handed_on);
}

/* The same words, whether or not it is digested. */
static void cut(const char *bytes, size_t length, const char *name)
{
    struct fed with, without;
    write_file(path, bytes, length);
    feed_case(&without, false);
    feed_case(&with, true);
    check(with.status == STATUS_DATA && with.status == without.status &&
              !strcmp(with.message, without.message) && !with.count && threads.made == threads.joined,
          "%s: cut at %zu: %s", name, length, with.message);
    fed_free(&with);
    fed_free(&without);
}

static void one_form(const struct storage_choice *choice, const char *name)
{
    size_t bytes;
    char *file = write_case(choice, &bytes);
    struct fed plain, fed;
    feed_case(&plain, false);
    for (int refused = 0; refused < 2; refused++) {
        const int made = threads.made;
        threads.refused = refused;
        feed_case(&fed, true);
        check(same_records(&plain, &fed) && (threads.made > made) == !refused &&
                  threads.made == threads.joined,
              "%s, %s: as read without a digest %s", name, refused ? "in line" : "a thread beside",
              fed.message);
        fed_free(&fed);
        damaged(bytes, name);
    }
    threads.refused = false;
    cut(file, PAGE + PIECE + 5, name);
    fed_free(&plain);
    free(file);
}

/* What happens to the file between its header and its payload, once. */
static size_t turned, cut_to;

static void change_file(void)
{
    threads.before = NULL;
    if (turned)
        turn_bit(turned);
    else if (truncate(path, (off_t)cut_to))
        abort();
}

static void changed_meanwhile(void)
{
    static const struct storage_choice half = {.half = true};
    size_t bytes;
    struct fed fed;
    free(write_case(&half, &bytes));
    turned = PAGE + 5 * PIECE + 3;
    threads.before = change_file;
    feed_case(&fed, true);
    check(!threads.before && fed.status == STATUS_DATA && !fed.count && strstr(fed.message, "has changed"),
          "a bit turned while it is read: %s", fed.message);
    fed_free(&fed);
    turn_bit(turned);
    turned = 0;
    cut_to = PAGE + 3 * PIECE + 1001;
    threads.before = change_file;
    feed_case(&fed, true);
    check(!threads.before && fed.status == STATUS_DATA && !fed.count && threads.made == threads.joined &&
              strstr(fed.message, "case.nrrd: record 1: case case: the input ends inside the data: 787433 of "
                                  "4523692 bytes"),
          "cut while it is read: %s", fed.message);
    fed_free(&fed);
}

static void *in_place(void *self, const struct record *record)
{
    return record->role == ROLE_IMAGE ? self : NULL;
}

/* Memory of the caller's is its own again once the record is handed on. A stream that is left early leaves no
 * thread. */
static void destinations(void)
{
    static const struct storage_choice choices[] = {{0}, {.half = true}};
    for (int i = 0; i < 2; i++) {
        size_t bytes;
        free(write_case(&choices[i], &bytes));
        struct fed plain;
        feed_case(&plain, false);
        char *list[] = {path};
        struct reader *reader;
        struct record image, label;
        bool got = false;
        void *place = poisoned(plain.record[0].bytes);
        if (reader_open(&reader, 1, list, &(struct reader_options){.digests_path = table}))
            abort();
        reader_set_destination(reader, in_place, place);
        int status = reader_next(reader, &image, &got);
        bool same =
            !status && got && image.data == place && !memcmp(place, plain.record[0].data, image.bytes);
        poison(place, plain.record[0].bytes);
        record_free(&image);
        if (i) { /* of the first file nothing more is asked for */
            status = reader_next(reader, &label, &got);
            same &= !status && got && !memcmp(label.data, plain.record[1].data, label.bytes);
            record_free(&label);
        }
        reader_close(reader);
        check(same && threads.made == threads.joined, "an image at its destination, %s",
              i ? "16 bits" : "floats");
        fed_free(&plain);
        free(place);
    }
}

/* Behind a file that was digested beside, a FIFO that nobody writes into. */
static void stopped(void)
{
    size_t bytes;
    free(write_case(&(struct storage_choice){0}, &bytes));
    char fifo[512], *list[] = {path, fifo};
    int ends[2];
    snprintf(fifo, sizeof fifo, "%s", scratch("fifo.nrrd"));
    FILE *rows = fopen(table, "a");
    fprintf(rows, "fifo\ttraining\t%064d\n", 0);
    fclose(rows);
    if (mkfifo(fifo, 0600) || pipe(ends) || write(ends[1], "", 1) != 1)
        abort();
    struct fed fed;
    feed_paths(&fed, 2, list, &(struct reader_options){.digests_path = table, .stop = &ends[0]});
    check(fed.status == STATUS_RETRY && fed.count == 2 && threads.made == threads.joined,
          "stopped behind a file: %s", fed.message);
    fed_free(&fed);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    one_form(&(struct storage_choice){0}, "floats");
    one_form(&(struct storage_choice){.half = true}, "16 bits");
    if (!zstd_is_built_in()) {
        skip("built without zstd", "compressed records");
    } else {
        one_form(&(struct storage_choice){.zstd = true}, "zstd");
        one_form(&(struct storage_choice){.half = true, .zstd = true}, "16 bits, zstd");
    }
    changed_meanwhile();
    destinations();
    stopped();
    return check_exit();
}
