/* Streams into memory: what was written is there, whole and ended by a NUL, and a lack of memory is said. */
#include "lib/base/memory_stream.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <stdint.h>
#include <stdlib.h>

static void keeps(size_t count)
{
    struct memory_stream stream;
    FILE *file = memory_stream_open(&stream);
    for (size_t i = 0; i < count; i++)
        fputc((int)(i * 7 % 256), file);
    int good = !memory_stream_close(file, &stream) && stream.size == count && stream.text[count] == 0;
    for (size_t i = 0; good && i < count; i++)
        good = (unsigned char)stream.text[i] == i * 7 % 256;
    check(good, "%zu bytes, a NUL behind them", count);
    free(stream.text);
}

/* No memory has room for so much, and so none of it is read. A sanitizer looks at all of it beforehand. */
static void is_refused(void)
{
#ifdef __SANITIZE_ADDRESS__
    skip("the sanitizer reads what is written", "more than there is memory for");
#else
    static char block[1];
    volatile size_t count = PTRDIFF_MAX / 2;
    struct memory_stream stream;
    FILE *file = memory_stream_open(&stream);
    fwrite(block, 1, count, file);
    int status = memory_stream_close(file, &stream);
    check(status == STATUS_FAILURE && !stream.text, "more than there is memory for: %s", error_message());
#endif
}

int main(void)
{
    keeps(0);
    keeps(1);
    keeps(100001);
    is_refused();
    return check_exit();
}
