/* The NIfTI reader and writer: every type and order of bytes alike, every refusal, exact output. */
#include "lib/stream/nifti.h"
#include "lib/stream/nifti_write.h"
#include "tests/check.h"
#include "tests/lib/stream/nifti_feed.h"

static bool affine_is(const struct nifti *volume, const double wanted[12])
{
    bool right = true;
    for (int i = 0; i < 12; i++)
        right = right && fabs(volume->affine[i / 4][i % 4] - wanted[i]) < 1e-6;
    return right;
}

static void every_type(void)
{
    static const int types[] = {2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280};
    static const double wanted[12] = {-1, 0, 0, 10, 0, -1.5, 0, 50, 0, 0, 2, -10};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (int form = 0; form < 4; form++) {
            bool is_unsigned = types[i] == 2 || types[i] == 512 || types[i] == 768 || types[i] == 1280;
            int below = is_unsigned ? 0 : 9;
            struct bytes file;
            struct nifti volume = {0};
            make_nifti(&file, form & 1, form & 2, types[i], below);
            int status = read_bytes(file.at, file.length, &volume);
            check(!status && counts_from(&volume, -below, 1) && affine_is(&volume, wanted) &&
                      volume.spacing[1] == 1.5,
                  "datatype %d of NIfTI-%d%s", types[i], form & 1 ? 2 : 1, form & 2 ? ", swapped" : "");
            if (!status)
                nifti_free(&volume);
        }
}

enum width { BYTE = 1, INT16 = 2, INT32 = 4, INT64 = 8, FLOAT };

static void refusals(void)
{
    static const struct {
        bool wide;
        size_t offset;
        enum width width;
        double value;
        const char *message;
    } bad[] = {
        {0, 0, INT32, 347, "not a NIfTI file"},
        {0, 344, INT32, 0x0031696e, "pair"}, /* "ni1" */
        {0, 344, INT32, 0, "ANALYZE"},
        {0, 344, INT32, 0x00322b6e, "magic"}, /* "n+2" */
        {0, 347, BYTE, 1, "magic"},
        {1, 11, BYTE, 0, "magic"},
        {0, 40, INT16, 0, "dim[0]"},
        {0, 40, INT16, 8, "dim[0]"},
        {0, 40, INT16, -1, "dim[0]"},
        {1, 16, INT64, 200, "dim[0]"},
        {1, 16, INT64, 0x1p40, "dim[0]"},
        {0, 42, INT16, 0, "dim[1]"},
        {0, 44, INT16, -5, "dim[2]"},
        {0, 46, INT16, 4097, "dim[3]"},
        {1, 24, INT64, 0x1p62, "dim[1]"},
        {1, 24, INT64, 0x1p32 + 3, "dim[1]"},
        {0, 70, INT16, 0, "datatype 0"},
        {0, 70, INT16, 1, "datatype 1"},
        {0, 70, INT16, 32, "datatype 32"},
        {0, 70, INT16, 128, "datatype 128"},
        {0, 70, INT16, 1536, "datatype 1536"},
        {0, 70, INT16, 2304, "datatype 2304"},
        {0, 108, FLOAT, 348, "vox_offset"},
        {0, 108, FLOAT, 352.5, "vox_offset"},
        {0, 108, FLOAT, -352, "vox_offset"},
        {0, 108, FLOAT, NAN, "vox_offset"},
        {0, 108, FLOAT, INFINITY, "vox_offset"},
        {0, 108, FLOAT, 0x1p25, "vox_offset"},
        {0, 108, FLOAT, 0x1p20, "extensions"},
        {1, 168, INT64, 0, "vox_offset"},
        {1, 168, INT64, 540, "vox_offset"},
        {0, 123, BYTE, 5, "xyzt_units"},
        {0, 280, FLOAT, NAN, "sform"},
        {0, 280, FLOAT, 0, "singular"},
        {0, 252, INT16, -1, "qform_code"},
        {1, 348, INT32, 0x1p20, "sform_code"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes file;
        struct nifti volume;
        make_nifti(&file, bad[i].wide, false, 4, 0);
        if (bad[i].width == FLOAT)
            put_float(&file, bad[i].offset, bad[i].value);
        else
            put_integer(&file, bad[i].offset, bad[i].width, (int64_t)bad[i].value);
        int status = read_bytes(file.at, file.length, &volume);
        check(status == STATUS_DATA && !volume.data && strstr(error_message(), bad[i].message) &&
                  strstr(error_message(), "volume.nii: "),
              "refused: %s", error_message());
    }
}

static void higher_dimensions(void)
{
    struct bytes file;
    struct nifti volume;
    make_nifti(&file, false, false, 4, 0);
    put_integer(&file, 40, 2, 7);
    check(!read_bytes(file.at, file.length, &volume) && volume.channels == 1,
          "seven dimensions, the last four of 1");
    nifti_free(&volume);
    put_integer(&file, 40 + 2 * 5, 2, 2);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA, "a fifth dimension of 2 is refused");
    make_nifti(&file, false, false, 4, 0);
    put_integer(&file, 40, 2, 2);
    put_integer(&file, 44, 2, NY * NZ);
    put_integer(&file, 46, 2, 0);
    check(!read_bytes(file.at, file.length, &volume) && volume.size[1] == NY * NZ && volume.size[2] == 1,
          "what stands in dim[] beyond dim[0] does not count");
    nifti_free(&volume);
    make_nifti(&file, false, false, 4, 0);
    put_integer(&file, 40, 2, 4);
    put_integer(&file, 46, 2, 1);
    put_integer(&file, 48, 2, NZ);
    check(!read_bytes(file.at, file.length, &volume) && volume.channels == NZ &&
              volume.data[NVOXELS - 1] == NVOXELS - 1,
          "four dimensions are channels of volumes");
    nifti_free(&volume);
    put_integer(&file, 48, 2, 65);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA, "65 channels are refused");
    put_integer(&file, 42, 2, 4096);
    put_integer(&file, 44, 2, 4096);
    put_integer(&file, 46, 2, 1000);
    put_integer(&file, 48, 2, 1);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA && strstr(error_message(), "limit"),
          "a header of 67 GB is refused: %s", error_message());
}

static void scaling(void)
{
    static const struct {
        double slope, inter, first, step;
    } good[] = {{2, 1, 1, 2}, {0, 5, 0, 1}, {NAN, 5, 0, 1}, {INFINITY, NAN, 0, 1}, {-0.1f, 0, 0, -0.1f}};
    struct bytes file;
    struct nifti volume;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        make_nifti(&file, false, false, 4, 0);
        put_float(&file, 112, good[i].slope);
        put_float(&file, 116, good[i].inter);
        check(!read_bytes(file.at, file.length, &volume) && counts_from(&volume, good[i].first, good[i].step),
              "scl_slope %g, scl_inter %g", good[i].slope, good[i].inter);
        nifti_free(&volume);
    }
    put_float(&file, 116, NAN);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA && strstr(error_message(), "scl_inter"),
          "a good slope with an inter that is NaN is refused");
    make_nifti(&file, false, false, 1024, 0);
    put_integer(&file, 352, 8, (1 << 24) + 1);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA && strstr(error_message(), "exact"),
          "64-bit integers that are not exact as float are refused");
    put_integer(&file, 352, 8, INT64_MAX);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA, "the largest among them, too");
}

static void affines(void)
{
    static const double units[8] = {1, 1000, 1, 1e-3},
                        quarter_turn[12] = {0, -1.5, 0, 7, 1, 0, 0, 8, 0, 0, -2, 9};
    static const double pixdim_only[12] = {1, 0, 0, 0, 0, 1.5, 0, 0, 0, 0, 2, 0};
    struct bytes file;
    struct nifti volume;
    quiet = 1;
    for (int unit = 0; unit < 4; unit++) {
        make_nifti(&file, false, false, 4, 0);
        file.at[123] = (unsigned char)(unit | 8);
        check(!read_bytes(file.at, file.length, &volume) &&
                  fabs(volume.affine[0][3] / units[unit] - 10) < 1e-9 &&
                  fabs(volume.spacing[2] / units[unit] - 2) < 1e-9,
              "xyzt_units %d: %g mm", unit, units[unit]);
        nifti_free(&volume);
    }
    make_nifti(&file, false, false, 4, 0);
    put_integer(&file, 254, 2, 0);
    check(!read_bytes(file.at, file.length, &volume) && affine_is(&volume, pixdim_only), "no form: pixdim");
    nifti_free(&volume);
    put_integer(&file, 252, 2, 1);
    put_float(&file, 76, -1);             /* qfac */
    put_float(&file, 256 + 8, sqrt(0.5)); /* 90 degrees about z */
    for (size_t i = 0; i < 3; i++)
        put_float(&file, 268 + 4 * i, 7 + (double)i);
    check(!read_bytes(file.at, file.length, &volume) && affine_is(&volume, quarter_turn),
          "a qform of a quarter turn");
    nifti_free(&volume);
    put_float(&file, 76, 0);
    check(!read_bytes(file.at, file.length, &volume) && volume.affine[2][2] > 0, "qfac 0 means 1");
    nifti_free(&volume);
    put_float(&file, 256 + 8, 1.5);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA && strstr(error_message(), "quaternion"),
          "a quaternion that is longer than a unit quaternion is refused");
    put_integer(&file, 254, 2, 2);
    check(!read_bytes(file.at, file.length, &volume) && volume.affine[0][3] == 10,
          "with an sform it is not asked");
    nifti_free(&volume);
    put_float(&file, 256 + 8, NAN);
    put_integer(&file, 252, 2, 0);
    check(!read_bytes(file.at, file.length, &volume) && volume.forms.qform[2] == 0,
          "nor does an uncoded NaN live on");
    nifti_free(&volume);
    quiet = 0;
}

static void not_finite(void)
{
    struct bytes file;
    struct nifti volume;
    make_nifti(&file, false, false, 16, 0);
    put_float(&file, 352 + 4 * 5, NAN);
    put_float(&file, 352 + 4 * 7, -INFINITY);
    check(read_bytes(file.at, file.length, &volume) == STATUS_DATA && strstr(error_message(), "2 voxels"),
          "voxels that are not finite: %s", error_message());
    quiet = 1;
    int status = nifti_read(scratch("volume.nii"), &(struct nifti_options){.nan_to_zero = true}, &volume);
    quiet = 0;
    check(!status && volume.zeroed == 2 && volume.data[5] == 0 && volume.data[7] == 0 && volume.data[6] == 6,
          "nan_to_zero reads them as 0 and counts them");
    nifti_free(&volume);
}

static void cut_and_long(void)
{
    struct bytes file;
    struct nifti volume;
    make_nifti(&file, false, false, 4, 0);
    int wrong = 0;
    for (size_t cut = 0; cut < file.length; cut++)
        wrong += read_bytes(file.at, cut, &volume) != STATUS_DATA;
    check(!wrong, "a plain file cut at any byte is refused (%d were not)", wrong);
    check(read_bytes(file.at, file.length + 1, &volume) == STATUS_DATA && strstr(error_message(), "goes on"),
          "one that goes on after its data, too");
    memmove(file.at + 352 + 64, file.at + 352, file.length - 352);
    put_float(&file, 108, 352 + 64);
    check(!read_bytes(file.at, file.length + 64, &volume) && counts_from(&volume, 0, 1),
          "extensions are skipped");
    nifti_free(&volume);
    put_float(&file, 108, 0);
    check(!read_bytes(file.at, file.length, &volume) && counts_from(&volume, 0, 1), "vox_offset 0 means 352");
    nifti_free(&volume);
}

static void grids(void)
{
    struct nifti a = {.size = {3, 4, 5}, .affine = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}, b = a;
    b.affine[1][3] = 0.9e-3;
    check(!nifti_same_grid("a", &a, "b", &b), "affines within 1e-3 are the same grid");
    b.affine[1][3] = 1.1e-3;
    check(nifti_same_grid("one", &a, "two", &b) == STATUS_DATA && strstr(error_message(), "one") &&
              strstr(error_message(), "two"),
          "others are not: %s", error_message());
    b = a;
    b.size[2] = 6;
    check(nifti_same_grid("one", &a, "two", &b) == STATUS_DATA && strstr(error_message(), "3x4x6"),
          "other sizes are not: %s", error_message());
}

/* The record of a source file, written back, has the source's header but for what the writer promises. */
static void writes_exactly(void)
{
    struct bytes file;
    struct nifti volume, again;
    make_nifti(&file, false, false, 16, 0);
    file.at[123] = 10;
    put_integer(&file, 252, 2, 3);
    put_float(&file, 76, -1);
    put_float(&file, 256, -0.0);
    put_float(&file, 264, 0.70710677);
    put_float(&file, 268, 1e-30);
    quiet = 1;
    check(!read_bytes(file.at, file.length, &volume), "the source is read");
    quiet = 0;
    struct record record = {.sample = SAMPLE_FLOAT, .channels = 1};
    strcpy(record.case_name, "c");
    nifti_describe(&volume, &record);
    record.data = volume.data;
    record.bytes = NVOXELS * 4;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch("again.nii"));
    struct output output;
    output_open(&output, path, true);
    check(!nifti_write(&output, &record, false) && !output_commit(&output), "a float volume is written");
    size_t bytes, first, second;
    char *text = read_file(path, &bytes);
    check(bytes == file.length && !memcmp(text + 40, file.at + 40, 16) &&
              !memcmp(text + 76, file.at + 76, 16) && text[123] == 10 &&
              !memcmp(text + 252, file.at + 252, 76) && !memcmp(text + 344, "n+1\0\0\0\0", 8) &&
              !memcmp(text + 352, file.at + 352, NVOXELS * 4),
          "dim, pixdim, units, both forms and codes are the source's, bit for bit");
    free(text);
    char *zipped[2];
    for (int i = 0; i < 2; i++) {
        output_open(&output, path, true);
        if (nifti_write(&output, &record, true) || output_commit(&output))
            abort();
        zipped[i] = read_file(path, i ? &second : &first);
    }
    check(first == second && !memcmp(zipped[0], zipped[1], first) &&
              !memcmp(zipped[0], "\x1f\x8b\x08\0\0\0\0\0", 8),
          "gzip without name or time: the same bytes every time");
    quiet = 1;
    check(!nifti_read(path, NULL, &again) && counts_from(&again, 0, 1), "and it is read back");
    quiet = 0;
    nifti_free(&again);
    record.grid[0]++;
    check(nifti_write(&output, &record, false) == STATUS_DATA, "a volume off its grid is not written");
    free(zipped[0]);
    free(zipped[1]);
    nifti_free(&volume);
}

int main(void)
{
    every_type();
    refusals();
    higher_dimensions();
    scaling();
    affines();
    not_finite();
    cut_and_long();
    grids();
    writes_exactly();
    return check_exit();
}
