/* Hostile NIfTI, plain and gzip: what is accepted is finite, within limits, and can be written again. */
#include "lib/stream/nifti.h"
#include "lib/base/error.h"
#include "lib/volume/labels.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/stream/nifti_bytes.h"

static void promises(const struct nifti *volume)
{
    size_t samples = (size_t)volume->channels;
    for (int i = 0; i < 3; i++) {
        fuzz_promise(volume->size[i] >= 1 && volume->size[i] <= RECORD_SIZE_MAX && volume->spacing[i] > 0);
        samples *= (size_t)volume->size[i];
    }
    for (int i = 0; i < 12; i++)
        fuzz_promise(isfinite(volume->affine[i / 4][i % 4]));
    for (size_t i = 0; i < samples; i++)
        fuzz_promise(isfinite(volume->data[i]));
    struct record record = {.sample = SAMPLE_FLOAT, .channels = volume->channels, .case_name = "fuzz"};
    int offset[3];
    nifti_describe(volume, &record);
    fuzz_promise(!nifti_same_grid("a", volume, "b", volume));
    fuzz_promise(!record_offset(&record, offset) && !offset[0] && !offset[1] && !offset[2]);
    uint8_t *labels = malloc(samples);
    if (labels)
        (void)labels_of_values(record_scheme, volume->data, samples, labels);
    free(labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nifti volume;
    quiet = 1;
    int status = nifti_read(fuzz_file(data, size), &(struct nifti_options){.max_bytes = 1 << 24}, &volume);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
    if (status) {
        fuzz_promise(!volume.data);
        fuzz_refused++;
        return 0;
    }
    promises(&volume);
    nifti_free(&volume);
    fuzz_accepted++;
    return 0;
}

int main(void)
{
    struct bytes file;
    uint8_t zipped[2 * FILE_MAX];
    for (int form = 0; form < 4; form++) {
        char name[32];
        snprintf(name, sizeof name, "NIfTI-%d%s", form & 1 ? 2 : 1, form & 2 ? ", swapped" : "");
        make_nifti(&file, form & 1, form & 2, 16, 0);
        fuzz_rounds(name, file.at, file.length, file.length, 2000);
    }
    static const int types[] = {2, 4, 8, 64, 256, 512, 768, 1024, 1280}; /* all but float */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char name[32];
        snprintf(name, sizeof name, "type %d", types[i]);
        make_nifti(&file, false, i % 2, types[i], 0);
        fuzz_rounds(name, file.at, file.length, 352, 300);
    }
    make_nifti(&file, false, false, 4, 0);
    size_t length = gzip_bytes(file.at, file.length, zipped, sizeof zipped);
    fuzz_rounds("gzip", zipped, length, 10, 1000); /* its header, where a change can be harmless */
    fuzz_corpus("nifti");
    return check_exit();
}
