/* A digest by another thread: the same as in line, of memory that is written again as soon as that is allowed. */
#include "lib/base/sha256_beside.h"
#include "tests/check.h"
#include "tests/lib/threads.h"

enum { BUFFER = 70001, MANY = 4 << 20 };

static void fill(unsigned char *bytes, size_t count, size_t seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)((i + seed) * 2654435761u >> 13);
}

/* Pieces of `sizes` in turn, in buffers that are poisoned when SHA256_AHEAD more were added. */
static bool same_in_ring(int pieces, const size_t *sizes, int kinds, size_t announced)
{
    static unsigned char ring[SHA256_AHEAD + 1][BUFFER];
    char text[SHA256_TEXT_SIZE], wanted[SHA256_TEXT_SIZE];
    struct sha256 sha, in_line;
    struct sha256_beside beside;
    sha256_begin(&sha);
    sha256_begin(&in_line);
    sha256_beside_begin(&beside, &sha, announced);
    for (int i = 0; i < pieces; i++) {
        unsigned char *buffer = ring[i % (SHA256_AHEAD + 1)];
        const size_t count = sizes[i % kinds];
        poison(buffer, BUFFER);
        fill(buffer, count, (size_t)i);
        sha256_add(&in_line, buffer, count);
        sha256_beside_add(&beside, buffer, count);
    }
    sha256_beside_end(&beside);
    sha256_end(&sha, text);
    sha256_end(&in_line, wanted);
    return !strcmp(text, wanted);
}

static void rings(void)
{
    static const size_t sizes[] = {BUFFER, 1, 63, 4097, 64, 0, 30011};
    for (int pieces = 0; pieces <= 300; pieces = pieces < 12 ? pieces + 1 : pieces * 3) {
        const int made = threads.made, joined = threads.joined;
        const bool same = same_in_ring(pieces, sizes, 7, MANY);
        check(same && threads.made == made + 1 && threads.joined == joined + 1,
              "%d pieces in a thread, which ends", pieces);
    }
}

/* Threads one after the other go on with one digest, and what lies between them is added by the caller. */
static void in_turns(void)
{
    static unsigned char bytes[3 * BUFFER];
    char text[SHA256_TEXT_SIZE], wanted[SHA256_TEXT_SIZE];
    struct sha256 sha, in_line;
    fill(bytes, sizeof bytes, 7);
    sha256_begin(&sha);
    for (int turn = 0; turn < 3; turn++) {
        struct sha256_beside beside;
        const unsigned char *at = bytes + (size_t)turn * BUFFER;
        sha256_add(&sha, at, 101);
        sha256_beside_begin(&beside, &sha, MANY);
        for (size_t i = 101; i < BUFFER; i += 6990)
            sha256_beside_add(&beside, at + i, 6990);
        sha256_beside_end(&beside);
        sha256_beside_end(&beside); /* does nothing */
    }
    sha256_end(&sha, text);
    sha256_begin(&in_line);
    sha256_add(&in_line, bytes, sizeof bytes);
    sha256_end(&in_line, wanted);
    check(!strcmp(text, wanted) && threads.made == threads.joined, "three threads in turn");
}

static void without(void)
{
    static const size_t sizes[] = {1, 1000};
    const int made = threads.made, joined = threads.joined;
    bool same = same_in_ring(9, sizes, 2, 5000);
    check(same && threads.made == made, "for a few bytes no thread is made");
    threads.refused = true;
    same = same_in_ring(40, sizes, 2, MANY);
    threads.refused = false;
    check(same && threads.made == made && threads.joined == joined,
          "without a thread they are digested in line");
}

int main(void)
{
    rings();
    in_turns();
    without();
    return check_exit();
}
