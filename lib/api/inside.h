/* What the files of lib/api share; prunet.h is what they implement. */
#ifndef PRUNET_API_INSIDE_H
#define PRUNET_API_INSIDE_H

#include "lib/api/prunet.h"
#include "lib/stream/record.h"

struct prunet_record {
    struct record record;
};

/* In whatever opens something, first: lib is a guest in this process, and silent. */
void api_begin(void);

/* A record in memory of its own, whose contents it takes over; frees them where there is none. STATUS_FAILURE then. */
int api_wrap(struct prunet_record **wrapped, struct record *record);

#endif
