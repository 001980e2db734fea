/* Hostile schemes: the first byte says whether the others are a scheme's text or a dataset.json. What is
 * read is read again from its own text, and makes labels that are its own of any probabilities. */
#include "lib/base/error.h"
#include "lib/volume/scheme.h"
#include "lib/volume/scheme_json.h"
#include "lib/volume/scheme_parse.h"
#include "tests/fuzz/fuzz.h"

enum way { TEXT, DATASET, WAYS };

static const struct label_scheme *records_named(const char *name)
{
    return strcmp(name, record_scheme->name) ? NULL : record_scheme;
}

static void use(const struct label_scheme *scheme)
{
    enum { VOXELS = 16 };
    float probabilities[SCHEME_REGIONS_MAX * VOXELS];
    uint8_t labels[VOXELS], bits[VOXELS];
    char names[NAME_LIST_SIZE];
    for (size_t i = 0; i < sizeof probabilities / sizeof *probabilities; i++)
        probabilities[i] = (float)random_uniform(7, i);
    labels_of_regions(scheme, probabilities, VOXELS, labels);
    fuzz_promise(!labels_check(scheme, labels, VOXELS) &&
                 !region_bits_of_labels(scheme, labels, VOXELS, bits));
    for (int row = 0; row < scheme->region_count; row++)
        fuzz_promise(region_of_row(scheme, row) < scheme->region_count);
    for (int number = 0; number < 256; number++)
        fuzz_promise(label_of_value(scheme, (float)number) == scheme->label_of[number]);
    modality_names(scheme, names);
    region_columns(scheme, names);
    fuzz_promise(scheme->lesions < scheme->region_count && scheme_same_regions(scheme, scheme));
}

static bool read_scheme(const char *text, size_t length)
{
    struct label_scheme *scheme, *again;
    if (scheme_parse(text, length, records_named, &scheme))
        return false;
    use(scheme);
    fuzz_promise(!scheme_parse(scheme->text, strlen(scheme->text), records_named, &again) &&
                 !strcmp(scheme->text, again->text) && scheme_same_regions(scheme, again));
    scheme_parse_free(scheme);
    scheme_parse_free(again);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool good = false;
    char *text;
    if (!size)
        return 0;
    if (*data % WAYS == TEXT)
        good = read_scheme((const char *)data + 1, size - 1);
    else if (!scheme_text_of_dataset(fuzz_file(data + 1, size - 1), &text)) {
        good = read_scheme(text, strlen(text));
        free(text);
    }
    *(good ? &fuzz_accepted : &fuzz_refused) += 1;
    return 0;
}

int main(void)
{
    static const char text[] =
        "\0scheme a\nmodality ct _ct -c\nmodality pet\nlabel 1 x 1,2,3\nlabel 7 y\nlabel 254 z\n"
        "region X 1 7 paints 1\nregion Y 7 254 paints nothing\nregion Z 254\nrows Z X Y\n"
        "volumes pet ct\nlesions Z\nrule last\nlabelmap _seg\n";
    static const char dataset[] = "\1{\"name\": \"a\", \"channel_names\": {\"0\": \"CT\", \"1\": \"T1-Gd\"}, "
                                  "\"labels\": {\"background\": 0, "
                                  "\"a\": [1, 2], \"b\": [2, 3], \"c\": 3}, \"regions_class_order\": [1, 2, "
                                  "3], \"file_ending\": \".nii.gz\"}";
    fuzz_rounds("scheme", (const uint8_t *)text, sizeof text - 1, sizeof text - 1, 4000);
    fuzz_rounds("dataset.json", (const uint8_t *)dataset, sizeof dataset - 1, sizeof dataset - 1, 2000);
    fuzz_corpus("schemes");
    return check_exit();
}
