/* How many threads OpenMP uses. */
#ifndef PRUNET_BASE_THREADS_H
#define PRUNET_BASE_THREADS_H

enum { THREADS_MAX = 1024 };

/* Once, before any work. Without OMP_NUM_THREADS the threads are no more than the cores that the process's control
 * groups leave it (cpu_quota.h): more would only wait for each other. A number of OMP_NUM_THREADS above THREADS_MAX is
 * replaced by that of the cores, with a warning: the processes of many systems would end for want of threads. */
void threads_bound(void);

/* Sets the number of threads from now on: `option` (--threads) if it is not 0, else the variable
 * PRUNET_THREADS, else OpenMP's own default, which honours OMP_NUM_THREADS. STATUS_USAGE for anything
 * but 1..THREADS_MAX. */
int threads_set(int option);

/* Sets the number for a while, unless it is 0, and returns the one before, which is to be set again: in somebody else's
 * program OpenMP's number is not ours. */
int threads_exchange(int threads);

#endif
