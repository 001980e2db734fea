/* Streams: joined, cut anywhere, out of order, slow, and read to where the caller says. */
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
    return check_exit();
}
