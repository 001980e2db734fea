#include "lib/stream/nifti_header.h"
#include "lib/base/error.h"
#include "lib/stream/affine.h"
#include <math.h>
#include <string.h>

static const double FORMS_AGREE = 1e-3; /* mm */
static const double OFFSET_MAX = 16 << 20;

/* Where a header has its numbers (nifti1.h and nifti2.h). NIfTI-2 has the wider ones: int64 dimensions and
 * offset, double for every real, int32 codes. */
struct layout {
    size_t dim, type, bitpix, pixdim, offset, slope, inter, units, qform_code, sform_code, quatern, srow,
        magic;
    bool wide;
};
static const struct layout layouts[2] = {
    {40, 70, 72, 76, 108, 112, 116, 123, 252, 254, 256, 280, 344, false},
    {16, 12, 14, 104, 168, 176, 184, 500, 344, 348, 352, 400, 4, true},
};

struct cursor {
    const unsigned char *bytes;
    const struct layout *at;
    bool swapped;
};

size_t nifti_header_bytes(const unsigned char first[4])
{
    uint32_t size;
    memcpy(&size, first, sizeof size);
    if (size == NIFTI1_BYTES || size == 1543569408)
        return NIFTI1_BYTES;
    return size == NIFTI2_BYTES || size == 469893120 ? NIFTI2_BYTES : 0;
}

/* `bytes` of 2, 4 or 8 at an offset, in this machine's order, in the low bits. */
static uint64_t get(const struct cursor *c, size_t offset, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)c->bytes[offset + i] << 8 * (c->swapped ? bytes - 1 - i : i);
    return value;
}

static int64_t integer(const struct cursor *c, size_t offset, size_t bytes)
{
    uint64_t value = get(c, offset, bytes);
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    return (int64_t)((value ^ sign) - sign);
}

/* Real number `index` of an array of the version's reals. */
static double real(const struct cursor *c, size_t offset, size_t index)
{
    if (c->at->wide) {
        uint64_t bits = get(c, offset + 8 * index, 8);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    uint32_t bits = (uint32_t)get(c, offset + 4 * index, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static int check_magic(const struct cursor *c)
{
    static const char version2[8] = "n+2\0\r\n\032\n";
    const char *magic = (const char *)c->bytes + c->at->magic;
    if (c->at->wide ? !memcmp(magic, version2, 8) : !memcmp(magic, "n+1", 4))
        return STATUS_OK;
    if (!memcmp(magic, "ni1", 4) || !memcmp(magic, "ni2", 4))
        return fail(STATUS_DATA, "a pair of .hdr and .img: convert it to one .nii file");
    if (!c->at->wide && !memcmp(magic, "\0\0\0", 4))
        return fail(STATUS_DATA, "ANALYZE 7.5, which does not tell left from right: convert it to NIfTI");
    return fail(STATUS_DATA, "not a NIfTI file: the magic is wrong");
}

static int read_sizes(const struct cursor *c, struct nifti *volume)
{
    size_t width = c->at->wide ? 8 : 2;
    int64_t dim[8];
    for (size_t i = 0; i < 8; i++)
        dim[i] = integer(c, c->at->dim + i * width, width);
    if (dim[0] < 1 || dim[0] > 7)
        return fail(STATUS_DATA, "dim[0] is %lld, not within 1..7", (long long)dim[0]);
    for (int64_t i = dim[0] + 1; i < 8; i++)
        dim[i] = 1;
    for (int i = 0; i < 3; i++) {
        if (dim[i + 1] < 1 || dim[i + 1] > RECORD_SIZE_MAX)
            return fail(STATUS_DATA, "dim[%d] is %lld, not within 1..%d", i + 1, (long long)dim[i + 1],
                        RECORD_SIZE_MAX);
        volume->size[i] = (int)dim[i + 1];
    }
    if (dim[4] < 1 || dim[4] > RECORD_CHANNELS_MAX)
        return fail(STATUS_DATA, "dim[4] is %lld, not within 1..%d", (long long)dim[4], RECORD_CHANNELS_MAX);
    for (int i = 5; i < 8; i++)
        if (dim[i] != 1)
            return fail(STATUS_DATA, "dim[%d] is %lld: at most four dimensions are understood", i,
                        (long long)dim[i]);
    volume->channels = (int)dim[4];
    volume->dimensions = (int)dim[0];
    return STATUS_OK;
}

static int read_type(const struct cursor *c, const char *path, struct nifti_header *header)
{
    static const struct {
        enum nifti_type type;
        size_t bytes;
    } known[] = {{NIFTI_UINT8, 1}, {NIFTI_INT8, 1},   {NIFTI_INT16, 2},   {NIFTI_UINT16, 2},
                 {NIFTI_INT32, 4}, {NIFTI_UINT32, 4}, {NIFTI_FLOAT32, 4}, {NIFTI_FLOAT64, 8},
                 {NIFTI_INT64, 8}, {NIFTI_UINT64, 8}};
    int type = (int)integer(c, c->at->type, 2), bitpix = (int)integer(c, c->at->bitpix, 2);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (type != (int)known[i].type)
            continue;
        header->type = known[i].type;
        header->sample_bytes = known[i].bytes;
        if (bitpix != (int)(8 * known[i].bytes))
            warn("%s: bitpix is %d for datatype %d: the datatype counts", path, bitpix, type);
        return STATUS_OK;
    }
    return fail(STATUS_DATA, "datatype %d: only integers and reals of up to 64 bits are read", type);
}

static int read_offset(const struct cursor *c, struct nifti_header *header)
{
    double least = c->at->wide ? 544 : 352;
    double offset = c->at->wide ? (double)integer(c, c->at->offset, 8) : real(c, c->at->offset, 0);
    if (!c->at->wide && offset == 0)
        offset = least;
    if (!(offset >= least && offset <= OFFSET_MAX && offset == floor(offset)))
        return fail(STATUS_DATA, "vox_offset is %g, not a whole number within %g..%g", offset, least,
                    OFFSET_MAX);
    header->offset = (size_t)offset;
    return STATUS_OK;
}

static int read_scaling(const struct cursor *c, struct nifti_header *header)
{
    header->slope = real(c, c->at->slope, 0);
    header->inter = real(c, c->at->inter, 0);
    if (header->slope == 0 || !isfinite(header->slope)) {
        header->slope = 1;
        header->inter = 0;
    }
    return isfinite(header->inter) ? STATUS_OK
                                   : fail(STATUS_DATA, "scl_slope is given, but scl_inter is not finite");
}

/* A form that is not coded means nothing; numbers in it that are not finite become 0. */
static int finite_form(const char *name, bool coded, float *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        if (isfinite(numbers[i]))
            continue;
        if (coded)
            return fail(STATUS_DATA, "the %s has a number that is not finite", name);
        numbers[i] = 0;
    }
    return STATUS_OK;
}

static int read_forms(const struct cursor *c, struct source_forms *forms)
{
    size_t code = c->at->wide ? 4 : 2;
    *forms = (struct source_forms){.has_qform = true, .has_sform = true, .has_units = true};
    forms->qform_code = (int)integer(c, c->at->qform_code, code);
    forms->sform_code = (int)integer(c, c->at->sform_code, code);
    forms->units = c->at->wide ? (int)integer(c, c->at->units, 4) : c->bytes[c->at->units];
    for (size_t i = 0; i < 6; i++)
        forms->qform[i] = (float)real(c, c->at->quatern, i);
    for (size_t i = 0; i < 4; i++)
        forms->qform[6 + i] = (float)real(c, c->at->pixdim, i);
    for (size_t i = 0; i < 12; i++)
        forms->sform[i] = (float)real(c, c->at->srow, i);
    if (forms->qform_code < 0 || forms->qform_code > INT16_MAX || forms->sform_code < 0 ||
        forms->sform_code > INT16_MAX || forms->units < 0 || forms->units > 255)
        return fail(STATUS_DATA, "qform_code %d, sform_code %d or xyzt_units %d is out of range",
                    forms->qform_code, forms->sform_code, forms->units);
    int status = finite_form("qform", forms->qform_code > 0, forms->qform, 10);
    return status ? status : finite_form("sform", forms->sform_code > 0, forms->sform, 12);
}

/* nifti1.h, METHOD 2: the quaternion (a, b, c, d) as a rotation, columns scaled by the voxel's size. */
bool nifti_qform_affine(const float qform[10], double affine[3][4])
{
    double b = (double)qform[0], c = (double)qform[1], d = (double)qform[2];
    double square = b * b + c * c + d * d, qfac = qform[6] < 0 ? -1 : 1;
    if (!(square < 1 + 1e-4))
        return false;
    double a = 0;
    if (square < 1 - 1e-7) {
        a = sqrt(1 - square);
    } else { /* half a turn; rounding left the vector slightly too long or too short */
        b /= sqrt(square);
        c /= sqrt(square);
        d /= sqrt(square);
    }
    const double rotation[3][3] = {{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
                                   {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
                                   {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}};
    for (int r = 0; r < 3; r++) {
        for (int axis = 0; axis < 3; axis++)
            affine[r][axis] = rotation[r][axis] * fabs((double)qform[7 + axis]) * (axis == 2 ? qfac : 1);
        affine[r][3] = (double)qform[3 + r];
    }
    return true;
}

/* Millimetres in the file's unit of length. */
static int unit_length(int units, double *length)
{
    static const double lengths[8] = {1, 1000, 1, 0.001};
    *length = lengths[units & 7];
    return *length > 0 ? STATUS_OK : fail(STATUS_DATA, "xyzt_units: %d is not a unit of length", units & 7);
}

/* With a qform the comparison of the two forms says as much. */
static void warn_of_pixdim(const char *path, const double sform[3][4], const float qform[10], double length)
{
    double spacing[3], pixdim[3];
    bool differ = false;
    affine_spacing(sform, spacing);
    for (int axis = 0; axis < 3; axis++) {
        pixdim[axis] = fabs((double)qform[7 + axis]);
        differ |= pixdim[axis] > 0 && !(fabs(pixdim[axis] - spacing[axis]) * length <= FORMS_AGREE);
    }
    if (differ)
        warn("%s: voxels of %gx%gx%g by pixdim, of %gx%gx%g by the sform: the sform is used", path, pixdim[0],
             pixdim[1], pixdim[2], spacing[0], spacing[1], spacing[2]);
}

static int choose_affine(const char *path, struct nifti *volume)
{
    const struct source_forms *forms = &volume->forms;
    double sform[3][4], qform[3][4], length, inverse[3][3];
    int status = unit_length(forms->units, &length);
    if (status)
        return status;
    for (int i = 0; i < 12; i++)
        sform[i / 4][i % 4] = (double)forms->sform[i];
    bool has_qform = forms->qform_code > 0, sound = has_qform && nifti_qform_affine(forms->qform, qform);
    bool has_sform = forms->sform_code > 0;
    if (has_sform && sound && !affine_invert(sform, inverse) && affine_invert(qform, inverse)) {
        warn("%s: the sform is singular and places nothing: the qform is used", path);
        has_sform = false;
    }
    if (has_qform && has_sform && (!sound || affine_difference(qform, sform) * length > FORMS_AGREE))
        warn("%s: qform and sform place the volume differently: the sform is used", path);
    if (has_sform && !has_qform)
        warn_of_pixdim(path, sform, forms->qform, length);
    if (has_sform) {
        memcpy(volume->affine, sform, sizeof sform);
    } else if (sound) {
        memcpy(volume->affine, qform, sizeof qform);
    } else if (has_qform) {
        return fail(STATUS_DATA, "the qform's quaternion is not a unit quaternion: its length is above 1");
    } else {
        warn("%s: neither sform nor qform: the voxels' size alone places the volume", path);
        memset(volume->affine, 0, sizeof volume->affine);
        for (int axis = 0; axis < 3; axis++)
            volume->affine[axis][axis] = fabs((double)forms->qform[7 + axis]);
    }
    for (int i = 0; i < 12; i++)
        volume->affine[i / 4][i % 4] *= length;
    if (!affine_invert(volume->affine, inverse))
        return fail(STATUS_DATA, "the affine is singular");
    affine_spacing(volume->affine, volume->spacing);
    for (int axis = 0; axis < 3; axis++) { /* pixdim is exact where columns of cosines are not */
        double pixdim = fabs((double)forms->qform[7 + axis]) * length;
        if (pixdim > 0 && fabs(pixdim - volume->spacing[axis]) <= FORMS_AGREE)
            volume->spacing[axis] = pixdim;
    }
    return STATUS_OK;
}

int nifti_header_parse(const unsigned char *bytes, const char *path, struct nifti_header *header,
                       struct nifti *volume)
{
    bool wide = nifti_header_bytes(bytes) == NIFTI2_BYTES;
    uint32_t size;
    memcpy(&size, bytes, sizeof size);
    struct cursor cursor = {bytes, &layouts[wide], size > NIFTI2_BYTES};
    *header = (struct nifti_header){.swapped = cursor.swapped};
    *volume = (struct nifti){0};
    int status = check_magic(&cursor);
    if (!status)
        status = read_sizes(&cursor, volume);
    if (!status)
        status = read_type(&cursor, path, header);
    if (!status)
        status = read_offset(&cursor, header);
    if (!status)
        status = read_scaling(&cursor, header);
    if (!status)
        status = read_forms(&cursor, &volume->forms);
    return status ? status : choose_affine(path, volume);
}
