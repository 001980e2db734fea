/* Finding backends, and what every table does besides computing: memory and layout. */
#include "tests/kernels/drive.h"

/* Read by the address sanitizer: an allocation that is too large returns NULL, as it does without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void finding(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    const int narrow[] = {8, 16, 24, 32, 40}, wide[] = {60, 120, 240, 360, 480};
    const char *why = NULL;
    check(count > 1 && list[0] == &kernels_reference, "the list begins with the reference");
    for (int i = 0; i < count; i++)
        check(kernels_find(list[i]->name, wide, 5, 2, &why) == list[i], "%s is found by its name",
              list[i]->name);
    check(!kernels_find("abacus", wide, 5, 2, &why) && why && strstr(why, "abacus") &&
              strstr(why, "reference"),
          "an unknown name is answered with what there is");
    unsetenv("PRUNET_CPU");
    check(kernels_find("cpu", narrow, 5, 2, &why) && kernels_find("cpu", wide, 5, 2, &why),
          "cpu chooses for any widths");
    setenv("PRUNET_CPU", "portable", 1);
    const struct kernels *portable = kernels_find("cpu", narrow, 5, 2, &why);
    check(portable && strstr(portable->name, "portable"), "PRUNET_CPU limits the choice");
    setenv("PRUNET_CPU", "mmx", 1);
    check(!kernels_find("cpu", narrow, 5, 2, &why) && strstr(why, "PRUNET_CPU"),
          "PRUNET_CPU with an unknown set is refused");
    unsetenv("PRUNET_CPU");
}

static void memory(const struct kernels *kernels)
{
    void *nothing = kernels->allocate(0);
    check(nothing != NULL, "%s: a block of no bytes", kernels->name);
    kernels->release(nothing, 0);
    check(kernels->available() > 0, "%s: memory is available", kernels->name);
    check(!kernels->allocate((size_t)1 << 62), "%s: too much memory is refused", kernels->name);
    enum { BLOCK = 1000 };
    unsigned char from[BLOCK], back[BLOCK], *a = kernels->allocate(BLOCK), *b = kernels->allocate(BLOCK);
    for (int i = 0; i < BLOCK; i++)
        from[i] = (unsigned char)(i * 7);
    kernels->upload(a, from, BLOCK);
    kernels->copy(b, a, BLOCK);
    kernels->clear(a, BLOCK / 2);
    kernels->download(back, b, BLOCK);
    int same = !memcmp(from, back, BLOCK);
    kernels->download(back, a, BLOCK);
    for (int i = 0; i < BLOCK; i++)
        same &= back[i] == (i < BLOCK / 2 ? 0 : from[i]);
    check(same && !kernels->finish(), "%s: upload, copy, clear, download", kernels->name);
    check(kernels->alignment >= 64 && (size_t)a % kernels->alignment == 0 &&
              (size_t)b % kernels->alignment == 0,
          "%s: memory is aligned to %zu bytes", kernels->name, kernels->alignment);
    kernels->release(a, BLOCK);
    kernels->release(b, BLOCK);
}

static int survives_layout(const struct kernels *kernels, struct shape shape)
{
    size_t n = (size_t)shape_channels(shape) * shape_voxels(shape), bytes = kernels->tensor_bytes(shape);
    float *plain = poisoned(n * sizeof(float)), *back = poisoned(n * sizeof(float)),
          *tensor = poisoned(bytes);
    for (size_t i = 0; i < n; i++)
        plain[i] = (float)i;
    kernels->pack(shape, plain, tensor);
    kernels->unpack(shape, tensor, back);
    int same = !memcmp(plain, back, n * sizeof(float));
    struct shape half = shape_half(shape);
    same &= kernels->tensor_bytes(half) * (size_t)shape.streams == bytes;
    kernels->unpack(half, tensor + (size_t)(shape.streams - 1) * kernels->tensor_bytes(half) / sizeof(float),
                    back);
    size_t last = n - n / (size_t)shape.streams;
    same &= !memcmp(plain + last, back, (n - last) * sizeof(float));
    free(plain);
    free(back);
    free(tensor);
    return same;
}

static unsigned char unwritten[POISON_BLOCK * 3 + GUARD + 8];

static void *give_unwritten(size_t bytes)
{
    return bytes <= sizeof unwritten ? memset(unwritten, 0, bytes) : NULL;
}

static int all_are(int byte, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (unwritten[i] != byte)
            return 0;
    return 1;
}

/* How the tests themselves lay out memory (drive.h), in a backend whose memory is zeros. */
static void poisoning(void)
{
    const size_t bytes = POISON_BLOCK * 3 + 8;
    struct kernels zeros = kernels_reference;
    zeros.allocate = give_unwritten;
    guarded(&zeros, NULL, bytes);
    check(all_are(0xff, bytes) && unwritten[bytes] == GUARD_BYTE, "what no test writes is poison to the end");
    setenv("PRUNET_TEST_UNTOUCHED", "1", 1);
    guarded(&zeros, NULL, bytes);
    check(all_are(0, bytes) && unwritten[bytes] == GUARD_BYTE,
          "with PRUNET_TEST_UNTOUCHED=1 nothing is written before the guard");
    unsetenv("PRUNET_TEST_UNTOUCHED");
}

static void layout(const struct kernels *kernels)
{
    static const int channels[] = {1, 3, 4, 5, 7, 12, 16, 20, 30, 33, 60};
    int good = 1;
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        for (int streams = 1; streams <= 2; streams++)
            good &= survives_layout(kernels, (struct shape){streams, channels[i], 3, 5, 7}) &
                    survives_layout(kernels, (struct shape){streams, channels[i], 1, 1, 1});
    check(good, "%s: pack and unpack keep every value, streams follow one another", kernels->name);
}

int main(void)
{
    finding();
    poisoning();
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        const char *refusal = list[i]->open();
        if (!check(!refusal, "%s: opens%s%s", list[i]->name, refusal ? ": " : "", refusal ? refusal : ""))
            continue;
        memory(list[i]);
        layout(list[i]);
    }
    return check_exit();
}
