#include "lib/volume/case_spacing.h"
#include "lib/base/error.h"
#include "lib/stream/affine.h"
#include "lib/stream/axes.h"
#include "lib/stream/nifti.h"

int case_spacing(const struct nifti_case *files, double spacing[3])
{
    struct nifti_file *file;
    struct nifti volume;
    double affine[3][4];
    int axes[3], first = 0;
    while (first < files->images && !files->image[first])
        first++;
    if (first == files->images)
        return fail(STATUS_DATA, "%s: no image", files->name);
    int status = nifti_open(files->image[first], NULL, &file, &volume);
    if (status)
        return status;
    nifti_close(file);
    axes_to_lps(volume.affine, axes);
    axes_affine(axes, volume.size, volume.affine, affine);
    affine_spacing(affine, spacing);
    return STATUS_OK;
}
