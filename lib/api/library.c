/* The library as a whole: version, messages, warnings. */
#include "lib/api/inside.h"
#include "lib/base/error.h"
#include "lib/base/process.h"
#include <assert.h>

static_assert((int)PRUNET_FAILURE == STATUS_FAILURE && (int)PRUNET_USAGE == STATUS_USAGE &&
                  (int)PRUNET_DATA == STATUS_DATA,
              "statuses are those of lib/base/error.h");

void api_begin(void)
{
    process_is_guest = true;
    quiet = true; /* warnings that nobody takes are dropped */
}

const char *prunet_version(void)
{
    return PRUNET_VERSION;
}

const char *prunet_message(void)
{
    return error_message();
}

void prunet_on_warning(void (*take)(void *self, const char *text), void *self)
{
    warnings_to(take, self);
}
