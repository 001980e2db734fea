/* Messages: set, prefixed, cut at their longest, one for each thread. */
#include "lib/base/error.h"
#include "tests/check.h"
#include <errno.h>
#include <pthread.h>

static void *other_thread(void *result)
{
    *(int *)result = !*error_message() && fail(STATUS_DATA, "of this thread") == STATUS_DATA;
    return NULL;
}

int main(void)
{
    check(!*error_message(), "no message before any failure");
    check(fail(STATUS_DATA, "label %d", 3) == 65 && !strcmp(error_message(), "label 3"),
          "status and message");
    check(fail_in(65, "%s", "seg.nii.gz") == 65 && !strcmp(error_message(), "seg.nii.gz: label 3"),
          "a prefix");
    fail(1, "again: %s", error_message());
    check(!strcmp(error_message(), "again: seg.nii.gz: label 3"), "a message may quote the one before");
    errno = ENOSPC;
    check(fail_errno(1, "disk") == 1 && !strcmp(error_message(), "disk: No space left on device"), "errno");
    char *huge = malloc(100000);
    memset(huge, 'x', 99999);
    huge[99999] = 0;
    fail(1, "%s", huge);
    check(strlen(error_message()) == 1023, "a huge message is cut");
    fail_in(1, "%s", huge);
    check(strlen(error_message()) == 1023, "a huge prefix too");
    free(huge);
    fail(1, "of main");
    pthread_t thread;
    int separate = 0;
    pthread_create(&thread, NULL, other_thread, &separate);
    pthread_join(thread, NULL);
    check(separate && !strcmp(error_message(), "of main"), "each thread has its own message");
    return check_exit();
}
