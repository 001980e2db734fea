/* A NIfTI that is compressed, and perhaps damaged then: it is read as the plain one is, or refused.
 * The input's first byte says which byte of the gzip file is changed, and how: 0, none; its second byte
 * how many are cut off its end. */
#include "lib/base/error.h"
#include "lib/stream/nifti.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/stream/nifti_bytes.h"

enum { ZIPPED_MAX = 1 << 16 };

static int read_volume(const uint8_t *data, size_t size, struct nifti *volume)
{
    int status = nifti_read(fuzz_file(data, size), &(struct nifti_options){.max_bytes = 1 << 22}, volume);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
    return status;
}

static void check_same(const struct nifti *a, const struct nifti *b)
{
    size_t samples = (size_t)a->channels;
    for (int i = 0; i < 3; i++) {
        fuzz_promise(a->size[i] == b->size[i]);
        samples *= (size_t)a->size[i];
    }
    fuzz_promise(a->channels == b->channels && !memcmp(a->data, b->data, samples * sizeof *a->data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t zipped[ZIPPED_MAX];
    struct nifti plain, volume;
    quiet = 1;
    if (size < 2 || size > ZIPPED_MAX / 2 || (size > 3 && data[2] == 0x1f && data[3] == 0x8b))
        return 0; /* what is gzip itself would be compressed twice */
    int plain_status = read_volume(data + 2, size - 2, &plain);
    size_t length = gzip_bytes(data + 2, size - 2, zipped, sizeof zipped);
    bool damaged = data[0] || data[1];
    if (data[0])
        zipped[data[0] * 131u % length] ^= (uint8_t)(1u << data[0] % 8);
    length -= data[1] < length ? data[1] : length - 1;
    int status = read_volume(zipped, length, &volume);
    if (!damaged)
        fuzz_promise(status == plain_status);
    if (!status) {
        fuzz_promise(!plain_status);
        check_same(&plain, &volume);
        nifti_free(&volume);
        fuzz_accepted++;
    } else {
        fuzz_refused++;
    }
    if (!plain_status)
        nifti_free(&plain);
    return 0;
}

int main(void)
{
    struct bytes file;
    uint8_t seed[2 + FILE_MAX] = {0};
    for (int wide = 0; wide < 2; wide++) {
        make_nifti(&file, wide, false, 4, 0);
        memcpy(seed + 2, file.at, file.length);
        fuzz_rounds(wide ? "compressed NIfTI-2" : "compressed NIfTI-1", seed, 2 + file.length,
                    2 + file.length, 1000);
        fuzz_rounds("damaged", seed, 2 + file.length, 2, 1000);
    }
    fuzz_corpus("gzip");
    return check_exit();
}
