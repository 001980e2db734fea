#include "lib/volume/labelled_ahead.h"
#include "lib/base/error.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The result belongs to the thread from `wanted` to `ready`, and to the caller from `ready` to `wanted`. */
struct labelled_ahead {
    struct reader *reader;
    labelled_prepare *prepare;
    void *prepare_self;
    pthread_t thread;
    sem_t wanted, ready;
    atomic_bool closing;
    struct labelled_case labelled;
    const char *name;
    bool got;
    int status;
    char *message; /* of the thread's error */
};

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) && errno == EINTR)
        ;
}

static void *read_cases(void *self)
{
    struct labelled_ahead *a = self;
    bool more = true;
    while (more) {
        await(&a->wanted);
        if (a->closing)
            break;
        a->status = labelled_next(a->reader, &a->labelled, &a->got);
        a->name = reader_name(a->reader);
        if (a->status)
            a->message = strdup(error_message());
        more = !a->status && a->got;
        if (more && a->prepare)
            a->prepare(a->prepare_self, &a->labelled);
        sem_post(&a->ready);
    }
    return NULL;
}

int labelled_ahead_open(struct labelled_ahead **ahead, struct reader *reader, labelled_prepare *prepare,
                        void *self)
{
    struct labelled_ahead *a = calloc(1, sizeof *a);
    if (!a)
        return fail(STATUS_FAILURE, "out of memory");
    a->reader = reader;
    a->prepare = prepare;
    a->prepare_self = self;
    if (sem_init(&a->wanted, 0, 1) || sem_init(&a->ready, 0, 0)) {
        free(a);
        return fail_errno(STATUS_FAILURE, "no semaphores to read ahead with");
    }
    if ((errno = pthread_create(&a->thread, NULL, read_cases, a))) {
        sem_destroy(&a->wanted);
        sem_destroy(&a->ready);
        free(a);
        return fail_errno(STATUS_FAILURE, "no thread to read ahead");
    }
    *ahead = a;
    return STATUS_OK;
}

int labelled_ahead_next(struct labelled_ahead *a, struct labelled_case *labelled, const char **name,
                        bool *got)
{
    await(&a->ready);
    *labelled = a->labelled;
    a->labelled = (struct labelled_case){0};
    *name = a->name;
    *got = a->got;
    return a->status ? fail(a->status, "%s", a->message ? a->message : "out of memory") : STATUS_OK;
}

void labelled_ahead_proceed(struct labelled_ahead *a)
{
    sem_post(&a->wanted);
}

void labelled_ahead_close(struct labelled_ahead *a)
{
    if (!a)
        return;
    a->closing = true; /* seen after `wanted`; a read under way is not interrupted by it */
    sem_post(&a->wanted);
    pthread_join(a->thread, NULL);
    labelled_free(&a->labelled);
    sem_destroy(&a->wanted);
    sem_destroy(&a->ready);
    free(a->message);
    free(a);
}
