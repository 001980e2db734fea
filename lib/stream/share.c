#include "lib/stream/share.h"
#include "lib/base/numbers.h"
#include <stdio.h>

bool share_parse(const char *text, struct share *share)
{
    char slash, behind;
    return sscanf(text, "%9d%c%9d%c", &share->number, &slash, &share->count, &behind) == 3 && slash == '/' &&
           share->number >= 0 && share->number < share->count;
}

/* The first place of a batch that is of rank r. */
static size_t first_of(const struct share *s, int r)
{
    return (size_t)r * (size_t)s->batch / (size_t)s->count;
}

static size_t each_batch(const struct share *s)
{
    return first_of(s, s->number + 1) - first_of(s, s->number);
}

bool share_has(const struct share *s, size_t place)
{
    const size_t p = place % (size_t)s->batch;
    return p >= first_of(s, s->number) && p < first_of(s, s->number + 1);
}

size_t share_cases(const struct share *s, size_t cases)
{
    const size_t batch = (size_t)s->batch, first = first_of(s, s->number), rest = cases % batch;
    return cases / batch * each_batch(s) + (rest > first ? size_min(rest - first, each_batch(s)) : 0);
}

size_t share_place(const struct share *s, size_t index)
{
    const size_t each = each_batch(s);
    return index / each * (size_t)s->batch + first_of(s, s->number) + index % each;
}
