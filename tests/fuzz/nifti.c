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
    struct nifti other = *volume;
    other.affine[0][3] += 1e6 * (1 + fabs(other.affine[0][3]));
    fuzz_promise(nifti_same_grid("a", volume, "b", &other) == STATUS_DATA);
    other.size[2]++;
    fuzz_promise(nifti_same_grid("a", volume, "b", &other) == STATUS_DATA);
    fuzz_promise(!record_offset(&record, offset) && !offset[0] && !offset[1] && !offset[2]);
    uint8_t *labels = malloc(samples);
    if (labels)
        (void)labels_of_values(record_scheme, volume->data, samples, labels);
    free(labels);
}

/* A header that can be read says what it is, whatever follows it. */
static void open_only(const char *path, const struct nifti_options *options)
{
    struct nifti volume;
    struct nifti_file *file;
    int status = nifti_open(path, options, &file, &volume);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
    if (status)
        return;
    fuzz_promise(strcmp(nifti_type_name(file), "unknown"));
    nifti_close(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct nifti volume;
    const struct nifti_options options = {.max_bytes = 1 << 24};
    (void)argc, (void)argv;
    fuzz_promise(nifti_read("/dev/null/none", &options, &volume) == STATUS_FAILURE &&
                 nifti_read("/dev", &options, &volume) == STATUS_FAILURE);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nifti volume;
    quiet = 1;
    struct nifti_options options = {.max_bytes = 1 << 24};
    open_only(fuzz_file(data, size), &options);
    int status = nifti_read(fuzz_file(data, size), &options, &volume);
    fuzz_promise(status == STATUS_OK || (status == STATUS_DATA && !volume.data));
    if (status) { /* because of voxels that are not finite? */
        options.nan_to_zero = true;
        status = nifti_read(fuzz_file(data, size), &options, &volume);
        fuzz_promise(status == STATUS_DATA || (!status && volume.zeroed));
    }
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
    LLVMFuzzerInitialize(NULL, NULL);
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
    make_nifti(&file, false, false, 8, 0);
    memset(file.at + 352, 0x7f, 4);
    fuzz_rounds("integers above 2^24", file.at, file.length, 352, 300);
    make_nifti(&file, false, false, 16, 0);
    memset(file.at + 352, 0xff, 4);
    fuzz_rounds("voxels that are not finite", file.at, file.length, 352, 300);
    make_nifti(&file, false, false, 4, 0);
    size_t length = gzip_bytes(file.at, file.length, zipped, sizeof zipped);
    fuzz_rounds("gzip", zipped, length, 10, 1000); /* its header, where a change can be harmless */
    fuzz_corpus("nifti");
    return check_exit();
}
