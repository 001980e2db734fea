/* Cases read ahead: those of the stream in their order, with its errors, prepared in the thread that reads;
 * and an end at any time. `make races` runs this, too. */
#include "lib/volume/labelled_ahead.h"
#include "lib/base/stop.h"
#include "tests/check.h"
#include "tests/lib/feed.h"
#include <pthread.h>
#include <signal.h>

enum { CASES = 5 };

/* Cases "case_0" ...: every voxel of the image is the case's number. */
static char *write_cases(size_t *bytes)
{
    struct record records[2 * CASES];
    for (int i = 0; i < 2 * CASES; i++) {
        const bool image = i % 2 == 0;
        char name[16];
        snprintf(name, sizeof name, "case_%d", i / 2);
        records[i] =
            sample_record(name, image ? ROLE_IMAGE : ROLE_LABEL, image ? SAMPLE_FLOAT : SAMPLE_UINT8, 1);
        records[i].last = !image;
        memset(records[i].data, 0, records[i].bytes);
        for (size_t v = 0; image && v < record_voxels(&records[i]); v++)
            ((float *)records[i].data)[v] = (float)(i / 2);
    }
    char *text = written(2 * CASES, records, bytes);
    for (int i = 0; i < 2 * CASES; i++)
        record_free(&records[i]);
    return text;
}

/* What the thread does with a case; plain memory, which ahead's own order must keep apart. */
struct prepared {
    pthread_t thread;
    int count;
    float last;
};

static void prepare(void *self, const struct labelled_case *labelled)
{
    struct prepared *p = self;
    p->thread = pthread_self();
    p->last = ((const float *)labelled->image.data)[7];
    p->count++;
}

static struct reader *open_file(const char *path)
{
    struct reader *reader;
    char name[512], *paths[] = {name};
    snprintf(name, sizeof name, "%s", path);
    if (reader_open(&reader, 1, paths, NULL))
        abort();
    return reader;
}

/* Uses the cases of a stream; the number of right ones. */
static int use_all(struct labelled_ahead *ahead, struct prepared *p, int *status)
{
    int right = 0;
    for (bool got = true; got;) {
        struct labelled_case labelled;
        const char *name;
        if ((*status = labelled_ahead_next(ahead, &labelled, &name, &got)) || !got)
            return right;
        char wanted[16];
        snprintf(wanted, sizeof wanted, "case_%d", right);
        const float number = ((const float *)labelled.image.data)[7];
        right += !strcmp(labelled.image.case_name, wanted) && number == (float)right &&
                 p->count == right + 1 && p->last == number && strstr(name, "cases.nrrd");
        labelled_ahead_proceed(ahead);
        ((float *)labelled.image.data)[7] = -1; /* while the next one is read */
        labelled_free(&labelled);
    }
    return right;
}

static void test_whole(const char *text, size_t bytes)
{
    struct labelled_ahead *ahead;
    struct prepared p = {0};
    int status;
    write_file(scratch("cases.nrrd"), text, bytes);
    struct reader *reader = open_file(scratch("cases.nrrd"));
    if (labelled_ahead_open(&ahead, reader, prepare, &p))
        abort();
    int right = use_all(ahead, &p, &status);
    labelled_ahead_close(ahead);
    check(!status && right == CASES && p.count == CASES,
          "all %d cases in their order, prepared before they are got", right);
    check(!pthread_equal(p.thread, pthread_self()), "by a thread of its own");
    check(reader_cases_done(reader) == CASES && reader_seconds(reader) >= 0,
          "then the reader is the caller's again");
    reader_close(reader);
}

static void test_error(const char *text, size_t bytes)
{
    struct labelled_ahead *ahead;
    struct prepared p = {0};
    int status;
    write_file(scratch("cases.nrrd"), text, bytes - 1);
    struct reader *reader = open_file(scratch("cases.nrrd"));
    fail(STATUS_FAILURE, "another message");
    if (labelled_ahead_open(&ahead, reader, prepare, &p))
        abort();
    int right = use_all(ahead, &p, &status);
    check(status == STATUS_DATA && right == CASES - 1 && strstr(error_message(), "case_4"),
          "the thread's error is the caller's: %s", error_message());
    labelled_ahead_close(ahead);
    reader_close(reader);
}

/* Ends after `used` cases, the next one being read, prepared or waited with. */
static void test_close(const char *text, size_t bytes)
{
    int opened = 0;
    write_file(scratch("cases.nrrd"), text, bytes);
    for (int used = 0; used <= CASES; used++)
        for (int proceed = 0; proceed < 2; proceed++) {
            struct labelled_ahead *ahead;
            struct labelled_case labelled;
            const char *name;
            bool got;
            struct reader *reader = open_file(scratch("cases.nrrd"));
            if (labelled_ahead_open(&ahead, reader, NULL, NULL))
                abort();
            for (int i = 0; i < used; i++) {
                if (labelled_ahead_next(ahead, &labelled, &name, &got) || !got)
                    abort();
                labelled_free(&labelled);
                if (i + 1 < used || proceed)
                    labelled_ahead_proceed(ahead);
            }
            labelled_ahead_close(ahead);
            reader_close(reader);
            opened++;
        }
    check(opened == 2 * (CASES + 1), "an end after any number of cases");
}

/* A pipe that falls silent inside its second case. */
static void test_silence(const char *text, size_t bytes)
{
    int ends[2], stop;
    char path[32], *paths[] = {path};
    struct reader *reader;
    struct labelled_ahead *ahead;
    struct labelled_case labelled;
    const char *name;
    bool got;
    if (stop_watch() || pipe(ends) || write(ends[1], text, bytes / CASES + 99) < 0)
        abort();
    stop = stop_descriptor();
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    if (reader_open(&reader, 1, paths, &(struct reader_options){.stop = &stop}) ||
        labelled_ahead_open(&ahead, reader, NULL, NULL))
        abort();
    check(!labelled_ahead_next(ahead, &labelled, &name, &got) && got, "a case of a pipe");
    labelled_free(&labelled);
    labelled_ahead_proceed(ahead);
    raise(SIGTERM); /* to this thread; the other one waits in poll */
    int status = labelled_ahead_next(ahead, &labelled, &name, &got);
    check(status == STATUS_RETRY && stop_wanted, "a signal ends the wait for a silent pipe: %s",
          error_message());
    labelled_ahead_close(ahead);
    reader_close(reader);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    size_t bytes;
    char *text = write_cases(&bytes);
    test_whole(text, bytes);
    test_error(text, bytes);
    test_close(text, bytes);
    test_silence(text, bytes);
    free(text);
    return check_exit();
}
