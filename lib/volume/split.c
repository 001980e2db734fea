#include "lib/volume/split.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/stream/record.h"
#include <math.h>

int order_cases(struct names *names, uint64_t seed)
{
    for (size_t i = 0; i < names->count; i++)
        if (!case_name_valid(names->name[i]))
            return fail(STATUS_DATA, "'%s' is not a case name", names->name[i]);
    return names_shuffle(names, random_key(seed, "split of cases"));
}

size_t training_count(size_t count, double fraction)
{
    double wanted = floor(fraction * (double)count + 0.5);
    return wanted < 1 ? 1 : wanted > (double)(count - 1) ? count - 1 : (size_t)wanted;
}

void fold_range(size_t count, int fold, int folds, size_t *begin, size_t *end)
{
    *begin = count * (size_t)(fold - 1) / (size_t)folds;
    *end = count * (size_t)fold / (size_t)folds;
}
