/* Hostile input, two ways: `make test` tries fixed mutations of a good input, and what earlier searches
 * found (tests/fuzz/corpus); `make fuzz` searches on under libFuzzer, which has a main of its own
 * (tests/fuzz/fuzz). */
#ifndef PRUNET_TESTS_FUZZ_FUZZ_H
#define PRUNET_TESTS_FUZZ_FUZZ_H

#include "lib/base/random.h"
#include "tests/check.h"
#include <dirent.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is tested: whatever the bytes, it must neither crash nor break a promise, which aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Before the first input, in a target that has one: refusals of what is no small input, as of a folder. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { FUZZ_CORPUS_MAX = 1 << 16 }; /* bytes of an input */

/* How many inputs the target took for good and refused. */
static size_t fuzz_accepted, fuzz_refused;

static inline void fuzz_promise(int kept)
{
    if (!kept)
        abort();
}

/* A path under which the bytes are a regular file, until the next call. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("fuzz", 0);
    if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    return path;
}

struct fuzz_draw {
    uint64_t key, counter;
};

static inline size_t fuzz_below(struct fuzz_draw *draw, size_t limit)
{
    return (size_t)(random_bits(draw->key, draw->counter++) % limit);
}

/* One change of a random kind to `size` bytes in memory for `capacity`; returns the new size. */
static inline size_t fuzz_mutate(struct fuzz_draw *draw, uint8_t *bytes, size_t size, size_t capacity)
{
    static const char *const words[] = {"-1", "0",    "4097", "nan",  "1e999",
                                        "(",  ")",    "\n",   "\n\n", ":= ",
                                        ": ", "none", "#",    "\xff", "99999999999999999999"};
    static const uint8_t extremes[] = {0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '9'};
    size_t at = fuzz_below(draw, size), length = 1 + fuzz_below(draw, 16);
    const char *word = words[fuzz_below(draw, sizeof words / sizeof words[0])];
    length = length < size - at ? length : size - at;
    switch (fuzz_below(draw, 7)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << fuzz_below(draw, 8));
        return size;
    case 1:
        bytes[at] = extremes[fuzz_below(draw, sizeof extremes)];
        return size;
    case 2: /* cut out */
        memmove(bytes + at, bytes + at + length, size - at - length);
        return size - length > 0 ? size - length : 1;
    case 3: /* double */
        length = length < capacity - size ? length : capacity - size;
        memmove(bytes + at + length, bytes + at, size - at);
        return size + length;
    case 4: /* a word in place */
        length = strlen(word);
        length = length < size - at ? length : size - at;
        memcpy(bytes + at, word, length);
        return size;
    case 5: /* a run of one byte */
        memset(bytes + at, extremes[fuzz_below(draw, sizeof extremes)], length);
        return size;
    default: /* cut off, seldom */
        return fuzz_below(draw, 8) ? size : at + 1;
    }
}

/* With FUZZ_SEEDS=FOLDER in the environment libFuzzer's search begins with the seed, too. */
static inline void fuzz_give_seed(const char *name, const uint8_t *seed, size_t size)
{
    const char *folder = getenv("FUZZ_SEEDS");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "", name);
    FILE *file = folder ? fopen(path, "wb") : NULL;
    if (!file)
        return;
    if (fwrite(seed, 1, size, file) != size || fclose(file))
        abort();
}

/* `rounds` inputs, each some mutations away from the seed; they happen in its first `focus` bytes. */
static inline void fuzz_rounds(const char *name, const uint8_t *seed, size_t size, size_t focus, int rounds)
{
    struct fuzz_draw draw = {random_key(20190713, name), 0};
    size_t capacity = size + 256;
    fuzz_accepted = fuzz_refused = 0;
    fuzz_give_seed(name, seed, size);
    LLVMFuzzerTestOneInput(seed, size);
    check(fuzz_accepted == 1, "%s: the input that is then mutated is good", name);
    for (int round = 0; round < rounds; round++) {
        uint8_t *whole = malloc(capacity);
        if (!whole)
            abort();
        memcpy(whole, seed, size);
        size_t now = focus;
        for (size_t changes = 1 + fuzz_below(&draw, 4); changes; changes--)
            now = fuzz_mutate(&draw, whole, now, focus + 128);
        memcpy(whole + now, seed + focus, size - focus);
        size_t length = now + size - focus;
        uint8_t *exact = malloc(length); /* so that a sanitizer sees a read of one byte too many */
        if (!exact)
            abort();
        memcpy(exact, whole, length);
        LLVMFuzzerTestOneInput(exact, length);
        free(exact);
        free(whole);
    }
    check(fuzz_accepted > 1 && fuzz_refused > (size_t)rounds / 10,
          "%s: %zu inputs were accepted, %zu refused, none crashed", name, fuzz_accepted, fuzz_refused);
}

/* Every input of tests/fuzz/corpus/NAME: each was the first to reach some branch. */
static inline void fuzz_corpus(const char *name)
{
    char folder[256], path[512];
    struct dirent **entries;
    size_t tried = 0;
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", name);
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        FILE *file = *entries[i]->d_name == '.' ? NULL : fopen(path, "rb");
        uint8_t *bytes = file ? malloc(FUZZ_CORPUS_MAX) : NULL;
        if (bytes) {
            size_t size = fread(bytes, 1, FUZZ_CORPUS_MAX, file);
            uint8_t *exact = realloc(bytes, size ? size : 1); /* so that a sanitizer sees one byte too far */
            LLVMFuzzerTestOneInput(exact, size);
            free(exact);
            tried++;
        }
        if (file)
            fclose(file);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    check(tried > 0, "%s: %zu inputs of the corpus, none crashed", name, tried);
}

#endif
