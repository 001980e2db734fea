/* Counts the threads that a test program makes and joins, and refuses them where the test wants it. The program's
 * own definitions come before the C library's. */
#ifndef PRUNET_TESTS_LIB_THREADS_H
#define PRUNET_TESTS_LIB_THREADS_H

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static struct {
    int made, joined;
    bool refused;
    void (*before)(void); /* called before each is made; or NULL */
} threads;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    if (threads.before)
        threads.before();
    int failed = threads.refused ? EAGAIN : next(thread, attributes, run, argument);
    threads.made += !failed;
    return failed;
}

int pthread_join(pthread_t thread, void **result)
{
    int (*next)(pthread_t, void **);
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_join");
    threads.joined++;
    return next(thread, result);
}

#endif
