#include "lib/stream/reader.h"
#include "lib/base/error.h"
#include "lib/stream/case_names.h"
#include "lib/stream/digest_table.h"
#include "lib/stream/nrrd_parse.h"
#include "lib/stream/source.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELD_MAX = 3 }; /* records of a case behind its first one */

struct reader {
    char **paths;
    size_t count, next; /* `next` is the path to open after the current source */
    struct source source;
    struct expect expect;
    bool expecting;
    const struct share *share;    /* of what is expected; or NULL */
    struct digest_table digests;  /* path NULL: files are not compared with their digests */
    struct record held[HELD_MAX]; /* read and compared, not yet handed on */
    size_t held_count, held_next;
    uint64_t max_bytes;
    int stop, standard; /* descriptors; `standard` is "-" */
    size_t records;     /* read from the current source */
    bool alone;         /* the current source held a foreign record: nothing may follow it */
    size_t cases;       /* begun in the whole stream */
    bool inside_case;   /* the last record read was not the last of its case */
    char case_name[CASE_NAME_SIZE];
    double seconds;
    reader_destination *destination; /* or NULL */
    void *destination_owner;
};

static int copy_paths(struct reader *r, size_t count, char *const *paths)
{
    r->paths = calloc(count, sizeof *r->paths);
    if (!r->paths)
        return fail(STATUS_FAILURE, "out of memory");
    r->count = count;
    for (size_t i = 0; i < count; i++)
        if (!(r->paths[i] = strdup(paths[i])))
            return fail(STATUS_FAILURE, "out of memory");
    return STATUS_OK;
}

/* Every file must be in the table, before the work on the first. */
static int find_digests(struct reader *r, const char *path)
{
    const char *text;
    int status = digest_table_read(&r->digests, path);
    for (size_t i = 0; !status && i < r->count; i++)
        status = digest_table_find(&r->digests, r->paths[i], &text);
    return status;
}

int reader_open(struct reader **reader, int count, char *const *paths, const struct reader_options *options)
{
    static char *const standard[] = {"-"};
    if (!count) {
        count = 1;
        paths = standard;
    }
    for (int i = 0; i < count; i++) /* a mistyped last name should be found before the work on the others */
        if (strcmp(paths[i], "-") && access(paths[i], R_OK))
            return fail_errno(STATUS_FAILURE, "%s: cannot open", paths[i]);
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return fail(STATUS_FAILURE, "out of memory");
    r->source.fd = -1;
    r->standard = options && options->descriptor ? *options->descriptor : STDIN_FILENO;
    r->stop = options && options->stop ? *options->stop : -1;
    r->share = options ? options->share : NULL;
    r->max_bytes = options && options->max_bytes ? options->max_bytes : RECORD_BYTES_MAX;
    int status = copy_paths(r, (size_t)count, paths);
    if (!status && options && options->expect_path) {
        status = expect_read(&r->expect, options->expect_path);
        r->expecting = true;
    }
    if (!status && options && options->digests_path)
        status = find_digests(r, options->digests_path);
    if (status) {
        reader_close(r);
        return status;
    }
    *reader = r;
    return STATUS_OK;
}

static void drop_held(struct reader *r)
{
    while (r->held_next < r->held_count)
        record_free(&r->held[r->held_next++]);
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    source_close(&reader->source);
    expect_free(&reader->expect);
    digest_table_free(&reader->digests);
    drop_held(reader);
    for (size_t i = 0; i < reader->count; i++)
        free(reader->paths[i]);
    free(reader->paths);
    free(reader);
}

const char *reader_name(const struct reader *reader)
{
    return source_name(reader->paths[reader->next ? reader->next - 1 : 0]);
}

size_t reader_cases_done(const struct reader *reader)
{
    return reader->cases - reader->inside_case;
}

size_t reader_cases_expected(const struct reader *reader)
{
    const size_t listed = reader->expect.names.count;
    return reader->share ? share_cases(reader->share, listed) : listed;
}

const struct names *reader_expected(const struct reader *reader)
{
    return &reader->expect.names;
}

void reader_set_destination(struct reader *reader, reader_destination *destination, void *self)
{
    reader->destination = destination;
    reader->destination_owner = self;
}

double reader_seconds(const struct reader *reader)
{
    return reader->seconds;
}

/* A foreign file's case is its name up to the first dot. */
static void name_of_file(const char *path, char name[CASE_NAME_SIZE])
{
    const char *file = path_file(path);
    case_name_make(file, strcmp(path, "-") ? strcspn(file, ".") : 0, "foreign", name);
}

/* Where in the stream: the file, and the record with its case or with the one before it. */
static int fail_here(const struct reader *r, int status, const char *case_name)
{
    if (*case_name)
        return fail_in(status, "%s: record %zu: case %s", reader_name(r), r->records + 1, case_name);
    if (r->cases)
        return fail_in(status, "%s: record %zu, after case %s", reader_name(r), r->records + 1, r->case_name);
    return fail_in(status, "%s: record %zu", reader_name(r), r->records + 1);
}

/* Whether the stream had all that is expected. */
static int expected_end(const struct reader *r)
{
    const struct names *names = &r->expect.names;
    const size_t wanted = reader_cases_expected(r);
    if (!r->expecting || !r->share)
        return r->expecting ? expect_end(&r->expect, r->cases) : STATUS_OK;
    if (r->cases >= wanted)
        return STATUS_OK;
    return fail(STATUS_DATA,
                "case %s is missing: the input ends after %zu of the %zu cases of share %d/%d of %s",
                names->name[share_place(r->share, r->cases)], r->cases, wanted, r->share->number,
                r->share->count, r->expect.path);
}

static int at_end(const struct reader *r)
{
    if (r->inside_case)
        return fail(STATUS_DATA, "%s: the input ends after record %zu, which is not the last of case %s",
                    reader_name(r), r->records, r->case_name);
    int status = expected_end(r);
    return status ? fail_in(status, "%s", reader_name(r)) : STATUS_OK;
}

/* Compares what was consumed of the current file with its digest. */
static int check_digest(struct reader *r)
{
    char now[SHA256_TEXT_SIZE];
    const char *then, *file = r->paths[r->next - 1];
    struct sha256 digest = r->source.digest;
    if (!r->digests.path)
        return STATUS_OK;
    sha256_end(&digest, now);
    int status = digest_table_find(&r->digests, file, &then);
    if (!status && strcmp(now, then))
        status = fail(STATUS_DATA, "%s: has changed since its checksum was made", file);
    return status;
}

static int open_next(struct reader *r)
{
    r->records = 0;
    r->alone = false;
    int status = source_open(&r->source, r->paths[r->next++], r->standard, &r->seconds, r->stop);
    if (r->digests.path)
        source_digest(&r->source);
    return status ? fail_in(status, "%s", reader_name(r)) : STATUS_OK;
}

/* Finds the next header in the current source or in those after it; *length is 0 behind the last. */
static int next_header(struct reader *r, char **text, size_t *length)
{
    *length = 0;
    for (;;) {
        int status = STATUS_OK;
        if (r->source.fd >= 0) {
            status = source_header(&r->source, text, length);
            if (r->alone && (*length || status == STATUS_DATA))
                return fail(STATUS_DATA, "%s: bytes after the data of a foreign NRRD", reader_name(r));
            if (status)
                return fail_here(r, status, "");
            if (*length)
                return STATUS_OK;
            if (!r->records)
                return fail(STATUS_DATA, "%s: empty: not one record", reader_name(r));
            if ((status = check_digest(r)))
                return status;
            source_close(&r->source);
        }
        if (r->next == r->count)
            return STATUS_OK;
        if ((status = open_next(r)))
            return status;
    }
}

/* Keeps count of the cases: one begins where the name changes, or with an image after a last record. */
static int count_case(struct reader *r, const struct record *record)
{
    bool same = r->cases && !strcmp(record->case_name, r->case_name);
    if (r->inside_case && !same)
        return fail(STATUS_DATA, "case %s begins before the last record of case %s", record->case_name,
                    r->case_name);
    if (!same || (!r->inside_case && record->role == ROLE_IMAGE)) {
        const size_t place = r->share ? share_place(r->share, r->cases) : r->cases;
        int status = r->expecting ? expect_case(&r->expect, place, record->case_name) : STATUS_OK;
        if (status)
            return status;
        r->cases++;
        memcpy(r->case_name, record->case_name, sizeof r->case_name);
    }
    return STATUS_OK;
}

/* A record that is held has memory of its own: the destination is still that of the one before it. */
static void *destination_of(struct reader *r, const struct record *record, bool held)
{
    return held || !r->destination ? NULL : r->destination(r->destination_owner, record);
}

static int read_record(struct reader *r, char *text, size_t length, struct record *record, bool held)
{
    char fallback[CASE_NAME_SIZE];
    name_of_file(r->paths[r->next - 1], fallback);
    int status = nrrd_parse(text, length, fallback, record);
    if (!status && record->bytes > r->max_bytes)
        status = fail(STATUS_DATA, "%zu bytes of data, more than the limit of %llu", record->bytes,
                      (unsigned long long)r->max_bytes);
    if (!status)
        status = source_payload(&r->source, length, record, destination_of(r, record, held));
    if (status)
        return fail_here(r, status, record->case_name);
    if ((status = count_case(r, record)))
        return fail_in(status, "%s: record %zu", reader_name(r), r->records + 1);
    r->inside_case = !record->last;
    r->alone = record->foreign;
    r->records++;
    return STATUS_OK;
}

static int next_record(struct reader *r, struct record *record, bool held, bool *got)
{
    char *text;
    size_t length;
    *got = false;
    *record = (struct record){0};
    int status = next_header(r, &text, &length);
    if (status)
        return status;
    if (!length)
        return at_end(r);
    if ((status = read_record(r, text, length, record, held)))
        record_free(record);
    *got = !status;
    return status;
}

/* Reads on to the end of a file, if it has no more records than a case, and compares it. */
static int hold_file(struct reader *r)
{
    bool got = true;
    int status = STATUS_OK;
    r->held_count = r->held_next = 0;
    while (!status && got && r->held_count < HELD_MAX && r->source.regular &&
           !source_is_consumed(&r->source)) {
        status = next_record(r, &r->held[r->held_count], true, &got);
        r->held_count += got;
    }
    return !status && source_is_consumed(&r->source) ? check_digest(r) : status;
}

int reader_next(struct reader *reader, struct record *record, bool *got)
{
    *got = reader->held_next < reader->held_count;
    if (*got) {
        *record = reader->held[reader->held_next];
        reader->held[reader->held_next++] = (struct record){0};
        return STATUS_OK;
    }
    int status = next_record(reader, record, false, got);
    if (!status && *got && reader->digests.path && (status = hold_file(reader))) {
        record_free(record);
        drop_held(reader);
        *got = false;
    }
    return status;
}
