/* Stopping in good order: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU or SIGUSR1 (which mpirun and srun pass on
 * to their processes, where SIGTERM would end them) set a flag, which is looked at between
 * two pieces of work and while waiting for input. A second SIGINT or SIGQUIT, as of somebody who presses
 * Ctrl-C again, ends the process at once. Whoever waits polls stop_descriptor beside its own descriptor: that
 * works in whichever thread the signal comes, and when it comes just before the wait. */
#ifndef PRUNET_BASE_STOP_H
#define PRUNET_BASE_STOP_H

#include <stdatomic.h>

/* Set once a signal has come, by the thread that it came to. */
extern atomic_bool stop_wanted;

/* From now on the signals only set the flag; what was ignored before is ignored still. STATUS_FAILURE without
 * a descriptor to spare. */
int stop_watch(void);

/* Becomes readable when a signal has come; nobody reads from it. -1 before stop_watch. */
int stop_descriptor(void);

/* Makes the descriptor readable, as a signal does, but does not set the flag: whoever waits for input stops
 * waiting. */
void stop_waiting(void);

#endif
