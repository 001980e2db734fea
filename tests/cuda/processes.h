/* Tests in a process each: a backend is opened once, and an error in it stays. */
#ifndef PRUNET_TESTS_CUDA_PROCESSES_H
#define PRUNET_TESTS_CUDA_PROCESSES_H

#include "tests/check.h"
#include <sys/wait.h>
#include <unistd.h>

/* Runs the tests one after another; the program's exit status. */
static inline int each_in_its_process(void (*const tests[])(void), size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            tests[i]();
            _exit(check_exit());
        }
        int status;
        bad |= child < 0 || waitpid(child, &status, 0) < 0 || status != 0;
    }
    return bad;
}

#endif
