/* Growing arrays: what was there stays, capacity doubles within its limit, and an overflow is refused. */
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <stdint.h>

int main(void)
{
    double *values = NULL;
    size_t capacity = 0, moves = 0;
    int kept = 1;
    for (size_t i = 0; i < 100000; i++) {
        size_t before = capacity;
        if (array_grow(&values, &capacity, i + 1, sizeof *values))
            abort();
        moves += capacity != before;
        values[i] = (double)i;
    }
    for (size_t i = 0; i < 100000; i++)
        kept &= values[i] == (double)i;
    check(kept && capacity >= 100000 && moves < 20, "100000 elements, one by one: moved %zu times", moves);

    const double *old = values;
    size_t had = capacity;
    check(!array_grow(&values, &capacity, 5, sizeof *values) && values == old && capacity == had,
          "a capacity that suffices is left alone");
    check(array_grow(&values, &capacity, SIZE_MAX / 4, sizeof *values) == STATUS_FAILURE && values == old &&
              capacity == had && values[99999] == 99999,
          "an overflow is refused, and the array stays: %s", error_message());
    check(array_grow_within(&values, &capacity, had + 1, had, sizeof *values) == STATUS_FAILURE,
          "more than the limit is refused: %s", error_message());
    check(!array_grow_within(&values, &capacity, had + 1, had + 3, sizeof *values) && capacity == had + 3,
          "the last step ends at the limit");
    free(values);
    return check_exit();
}
