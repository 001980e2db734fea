/* How many threads OpenMP uses. */
#ifndef PRUNET_BASE_THREADS_H
#define PRUNET_BASE_THREADS_H

enum { THREADS_MAX = 1024 };

/* Replaces a number of threads above THREADS_MAX, which only OMP_NUM_THREADS can have set, by that of the
 * cores, with a warning: the processes of many systems would end for want of threads. */
void threads_bound(void);

/* Sets the number of threads from now on: `option` (--threads) if it is not 0, else the variable
 * PRUNET_THREADS, else OpenMP's own default, which honours OMP_NUM_THREADS. STATUS_USAGE for anything
 * but 1..THREADS_MAX. */
int threads_set(int option);

#endif
