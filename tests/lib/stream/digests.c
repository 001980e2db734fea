/* Record files with digests: what is compared is what is handed on, whatever becomes of the file meanwhile. */
#include "lib/stream/digest_table.h"
#include "tests/check.h"
#include "tests/lib/feed.h"

/* Record files of a test, in TMPDIR, and the table of their digests. */
static char table[512], paths[3][512];

static void set_path(int file, const char *name)
{
    snprintf(paths[file], sizeof paths[file], "%s", scratch(name));
}

static void add_digest(FILE *rows, const char *name, const void *bytes, size_t count)
{
    char text[SHA256_TEXT_SIZE];
    struct sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, bytes, count);
    sha256_end(&sha, text);
    fprintf(rows, "%s\ttraining\t%s\n", name, text);
}

static void write_table(const char *name, const void *bytes, size_t count)
{
    snprintf(table, sizeof table, "%s", scratch("inputs.tsv"));
    FILE *rows = fopen(table, "w");
    add_digest(rows, "other", "x", 1);
    add_digest(rows, name, bytes, count);
    fclose(rows);
}

/* `records` records of one case, an image and labels. */
static char *write_case(const char *name, int records, size_t *bytes)
{
    struct record record[8];
    for (int i = 0; i < records; i++) {
        record[i] = i ? sample_record(name, ROLE_LABEL, SAMPLE_UINT8, 1)
                      : sample_record(name, ROLE_IMAGE, SAMPLE_FLOAT, 2);
        record[i].last = i == records - 1;
    }
    char *text = written(records, record, bytes);
    for (int i = 0; i < records; i++)
        record_free(&record[i]);
    return text;
}

static void feed_digested(struct fed *fed, int files)
{
    char *list[] = {paths[0], paths[1], paths[2]};
    feed_paths(fed, files, list, &(struct reader_options){.digests_path = table});
}

/* Each bit that could have turned: none is taken, and nothing of its case is handed on. */
static void turned_bits(void)
{
    size_t bytes, taken = 0, handed_on = 0, named = 0;
    char *text = write_case("one", 2, &bytes);
    struct fed fed;
    set_path(0, "one.nrrd");
    write_table("one", text, bytes);
    write_file(paths[0], text, bytes);
    feed_digested(&fed, 1);
    check(!fed.status && fed.count == 2 && fed.cases == 1 && !fed.record[0].mapping && !fed.record[1].mapping,
          "a file that is as it was: both records, and neither is mapped");
    fed_free(&fed);
    for (size_t i = 0; i < bytes; i++) {
        text[i] = (char)(text[i] ^ 1 << i % 8);
        write_file(paths[0], text, bytes);
        feed_digested(&fed, 1);
        taken += fed.status != STATUS_DATA;
        handed_on += (size_t)fed.count;
        named += strstr(fed.message, "one.nrrd") != NULL;
        fed_free(&fed);
        text[i] = (char)(text[i] ^ 1 << i % 8);
    }
    check(!taken && !handed_on && named == bytes,
          "a bit of each of %zu bytes turned: %zu taken, %zu handed on, %zu named", bytes, taken, handed_on,
          named);
    free(text);
}

/* The bytes that were digested are those that the caller gets, even where the file is written meanwhile. */
static void written_meanwhile(void)
{
    size_t bytes;
    char *text = write_case("one", 2, &bytes), *list[] = {paths[0]};
    struct reader *reader;
    struct record image, label, none;
    bool got, last;
    set_path(0, "one.nrrd");
    write_table("one", text, bytes);
    write_file(paths[0], text, bytes);
    if (reader_open(&reader, 1, list, &(struct reader_options){.digests_path = table}) ||
        reader_next(reader, &image, &got) || !got)
        abort();
    memset(text, '!', bytes);
    FILE *file = fopen(paths[0], "r+"); /* in place */
    fwrite(text, 1, bytes, file);
    fclose(file);
    bool same = true;
    for (size_t i = 0; i < image.bytes; i++)
        same &= ((unsigned char *)image.data)[i] == i % 61;
    check(same, "an image that was handed on is not changed by a writer");
    int status = reader_next(reader, &label, &got);
    for (size_t i = 0; got && i < label.bytes; i++)
        same &= ((unsigned char *)label.data)[i] == i % 61;
    check(!status && got && same, "nor is its label, which was read with it");
    check(!reader_next(reader, &none, &last) && !last, "the end is one");
    record_free(&image);
    record_free(&label);
    reader_close(reader);
    free(text);
}

/* A case of more records than are read ahead, a case in two files, two cases in one: found out at the file's end. */
static void other_layouts(void)
{
    size_t bytes, more;
    char *text = write_case("one", 6, &bytes), *two;
    struct fed fed;
    set_path(0, "one.nrrd");
    write_table("one", text, bytes);
    write_file(paths[0], text, bytes);
    feed_digested(&fed, 1);
    check(!fed.status && fed.count == 6, "a case of six records");
    fed_free(&fed);
    text[bytes - 1] ^= 1;
    write_file(paths[0], text, bytes);
    feed_digested(&fed, 1);
    check(fed.status == STATUS_DATA && fed.count < 6 && strstr(fed.message, "has changed"),
          "changed in the last: %s", fed.message);
    fed_free(&fed);
    free(text);

    text = write_case("one", 2, &bytes);
    two = write_case("two", 2, &more);
    char *both = malloc(bytes + more);
    memcpy(both, text, bytes);
    memcpy(both + bytes, two, more);
    write_table("one", both, bytes + more);
    write_file(paths[0], both, bytes + more);
    feed_digested(&fed, 1);
    check(!fed.status && fed.count == 4 && fed.cases == 2, "two cases in a file");
    fed_free(&fed);
    both[bytes + more - 1] ^= 1;
    write_file(paths[0], both, bytes + more);
    feed_digested(&fed, 1);
    check(fed.status == STATUS_DATA && !fed.count && strstr(fed.message, "has changed"),
          "changed in the second: neither is handed on");
    fed_free(&fed);

    const size_t image = 4096 + 3 * 5 * 7 * 2 * 4;
    FILE *rows = fopen(table, "w");
    add_digest(rows, "a", text, image);
    add_digest(rows, "b", text + image, bytes - image);
    fclose(rows);
    set_path(0, "a.nrrd");
    set_path(1, "b.nrrd");
    write_file(paths[0], text, image);
    write_file(paths[1], text + image, bytes - image);
    feed_digested(&fed, 2);
    check(!fed.status && fed.count == 2 && fed.cases == 1, "a case in two files");
    fed_free(&fed);
    text[image + 4000] = '!';
    write_file(paths[1], text + image, bytes - image);
    feed_digested(&fed, 2);
    check(fed.status == STATUS_DATA && fed.count == 1 && strstr(fed.message, "b.nrrd: has changed"),
          "the second one changed: %s", fed.message);
    fed_free(&fed);
    free(both);
    free(two);
    free(text);
}

/* The image that was handed on has the destination to itself. */
static void *one_place(void *self, const struct record *record)
{
    return record->role == ROLE_IMAGE ? self : NULL;
}

static void destinations(void)
{
    size_t bytes;
    char *text = write_case("one", 2, &bytes), *both = malloc(2 * bytes), *list[] = {paths[0]};
    char place[3 * 5 * 7 * 2 * 4];
    struct reader *reader;
    struct record record[4] = {0};
    bool got = true, whole = true;
    memcpy(both, text, bytes);
    memcpy(both + bytes, text, bytes);
    memset(both + bytes + 4096, '!', sizeof place); /* the second image */
    set_path(0, "one.nrrd");
    write_table("one", both, 2 * bytes);
    write_file(paths[0], both, 2 * bytes);
    if (reader_open(&reader, 1, list, &(struct reader_options){.digests_path = table}))
        abort();
    reader_set_destination(reader, one_place, place);
    int status = reader_next(reader, &record[0], &got);
    for (size_t i = 0; i < sizeof place; i++)
        whole &= (unsigned char)place[i] == i % 61;
    check(!status && got && record[0].data == place && whole, "an image at its destination");
    for (int i = 1; !status && got && i < 4; i++)
        status = reader_next(reader, &record[i], &got);
    whole = !status && got && !memcmp(record[2].data, both + bytes + 4096, sizeof place);
    check(whole && record[2].data != place && !record[2].borrowed,
          "the image after it has memory of its own");
    for (int i = 0; i < 4; i++)
        record_free(&record[i]);
    reader_close(reader);
    free(both);
    free(text);
}

/* A pipe that is called like a record file is compared when it ends. */
static void a_pipe(void)
{
    size_t bytes;
    char *text = write_case("one", 2, &bytes);
    for (int turned = 0; turned < 2; turned++) {
        struct fed fed;
        set_path(0, "pipe.nrrd");
        write_table("pipe", text, bytes);
        text[bytes - 1] = (char)(text[bytes - 1] ^ turned);
        unlink(paths[0]);
        int end = dribble(text, bytes, 100);
        char target[64];
        snprintf(target, sizeof target, "/dev/fd/%d", end);
        if (symlink(target, paths[0]))
            abort();
        feed_digested(&fed, 1);
        check(turned ? fed.status == STATUS_DATA && strstr(fed.message, "has changed") != NULL
                     : !fed.status && fed.count == 2,
              "a pipe, %s", turned ? "with a bit turned" : "sound");
        fed_free(&fed);
        close(end);
        wait(NULL);
        unlink(paths[0]);
    }
    free(text);
}

int main(void)
{
    turned_bits();
    written_meanwhile();
    other_layouts();
    destinations();
    a_pipe();
    return check_exit();
}
