/* The memory that the next case is prefetched into, where the backend copies while it computes. In time, with
 * the two slots of host memory in turn:
 *
 *     network's thread   put n | forward, backward, update with n      | prefetch_put: n+1 | ...
 *     reading thread           | reads n+1 into a slot, prefetch_start |                   | reads n+2 ...
 *     backend                  |                slot to pass.next_case |                   | ...
 */
#ifndef PRUNET_NETWORK_PREFETCH_H
#define PRUNET_NETWORK_PREFETCH_H

#include "lib/network/pass.h"

/* Two slots: one is filled while the other may still be copied to the device. */
enum { PREFETCH_SLOTS = 2 };
struct prefetch {
    char *slots[PREFETCH_SLOTS]; /* in the backend's host memory: image and target, as in pass->next_case */
    size_t slot_bytes;
    int filling;  /* index of the slot that the next case is read into */
    bool waiting; /* a case is in pass->next_case or on its way there */
};

/* Allocates the slots of a planned pass, in a zeroed struct; none where the pass has no next_case buffer.
 * STATUS_FAILURE when the host's memory is short; prefetch_close is due either way, after the pass's memory
 * has been released. */
int prefetch_open(struct prefetch *prefetch, const struct pass *pass);
void prefetch_close(struct prefetch *prefetch, const struct kernels *kernels);

/* Where the next case goes: its image, and its target at target_offset. NULL where there are no slots. */
float *prefetch_slot(const struct prefetch *prefetch);

/* The slot is filled: its copy to the pass's memory may begin. */
void prefetch_start(struct prefetch *prefetch, const struct pass *pass);

/* Waits for the copy that was started and makes the case the pass's image and target. False when none was. */
bool prefetch_put(struct prefetch *prefetch, const struct pass *pass);

#endif
