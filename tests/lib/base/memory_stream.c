/* Streams into memory: what was written is there, whole and ended by a NUL, and a lack of memory is said. */
#include "lib/base/memory_stream.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

/* A sanitizer's allocator ends the process instead of saying so. */
#ifdef __SANITIZE_ADDRESS__
static void is_refused(void)
{
    skip("the sanitizer ends the process", "more than there is memory for");
}
#else
static void is_refused(void)
{
    static char block[1 << 20];
    struct rlimit before, less;
    struct memory_stream stream;
    FILE *file = memory_stream_open(&stream);
    getrlimit(RLIMIT_AS, &before);
    less = before;
    less.rlim_cur = 1 << 20; /* below what the process has already */
    setrlimit(RLIMIT_AS, &less);
    for (int i = 0; i < 64; i++)
        fwrite(block, 1, sizeof block, file);
    int status = memory_stream_close(file, &stream);
    setrlimit(RLIMIT_AS, &before);
    check(status == STATUS_FAILURE && !stream.text, "more than there is memory for: %s", error_message());
}
#endif

int main(void)
{
    keeps(0);
    keeps(1);
    keeps(100001);
    is_refused();
    return check_exit();
}
