/* NIfTI inside gzip: told by its magic, verified to its last byte, in one member or several, at any pace. */
#include "tests/check.h"
#include "tests/lib/stream/nifti_feed.h"

static void gzipped(void)
{
    struct bytes file;
    struct nifti volume;
    unsigned char zipped[2 * FILE_MAX];
    make_nifti(&file, false, false, 4, 0);
    size_t length = gzip_bytes(file.at, file.length, zipped, sizeof zipped);
    check(!read_bytes(zipped, length, &volume) && counts_from(&volume, 0, 1),
          "gzip by its magic under the name .nii");
    nifti_free(&volume);
    int wrong = 0;
    for (size_t cut = 0; cut < length; cut++)
        wrong += read_bytes(zipped, cut, &volume) != STATUS_DATA;
    check(!wrong, "gzip cut at any byte is refused (%d were not)", wrong);
    for (size_t i = length - 8; i < length; i++) {
        zipped[i] ^= 1;
        wrong += read_bytes(zipped, length, &volume) != STATUS_DATA;
        zipped[i] ^= 1;
    }
    check(!wrong, "a wrong CRC-32 or length is refused: %s", error_message());
    memset(zipped + length, 0, 512);
    check(!read_bytes(zipped, length + 512, &volume), "zeros behind it are padding");
    nifti_free(&volume);
    zipped[length + 100] = 'x';
    check(read_bytes(zipped, length + 512, &volume) == STATUS_DATA, "other bytes are not");
    size_t first = gzip_bytes(file.at, 360, zipped, sizeof zipped);
    first += gzip_bytes(file.at, 0, zipped + first, sizeof zipped - first);
    length = first + gzip_bytes(file.at + 360, file.length - 360, zipped + first, sizeof zipped - first);
    check(!read_bytes(zipped, length, &volume) && counts_from(&volume, 0, 1), "several members are one file");
    nifti_free(&volume);
    check(read_bytes(zipped, first, &volume) == STATUS_DATA, "the first ones alone are cut");
    length = gzip_bytes(file.at, FILE_MAX, zipped, sizeof zipped);
    check(read_bytes(zipped, length, &volume) == STATUS_DATA && strstr(error_message(), "goes on"),
          "output beyond what the header gives is refused");
    put_integer(&file, 42, 2, 4096);
    put_integer(&file, 44, 2, 4096);
    length = gzip_bytes(file.at, file.length, zipped, sizeof zipped);
    check(read_bytes(zipped, length, &volume) == STATUS_DATA &&
              strstr(error_message(), "48 of 67108864 bytes"),
          "a header that announces more: %s", error_message());
}

static void arrives_slowly(void)
{
    struct bytes file;
    struct nifti volume;
    unsigned char zipped[2 * FILE_MAX];
    make_nifti(&file, true, true, 4, 0);
    size_t length = gzip_bytes(file.at, file.length, zipped, sizeof zipped);
    for (int plain = 0; plain < 2; plain++) {
        char path[32];
        int end = dribble(plain ? (char *)file.at : (char *)zipped, plain ? file.length : length, 1);
        snprintf(path, sizeof path, "/dev/fd/%d", end);
        check(!nifti_read(path, NULL, &volume) && counts_from(&volume, 0, 1), "%s that arrives byte by byte",
              plain ? "a plain file" : "gzip");
        nifti_free(&volume);
        close(end);
        wait(NULL);
    }
}

int main(void)
{
    gzipped();
    arrives_slowly();
    return check_exit();
}
