/* Where the parts of prunet lie. Nothing absolute is compiled in: an installed copy may be moved as a whole, and
 * a build works where it was made.
 *
 *   installed  PREFIX/bin/prunet, PREFIX/libexec/prunet/TOOL, PREFIX/share/prunet/{pipelines,models,schemes,...}
 *   built      BUILD/bin/TOOL, prunet among them; TREE/pipelines, TREE/data/{models,schemes}; BUILD is TREE/build
 *              or a folder in it */
#ifndef PRUNET_BASE_INSTALL_H
#define PRUNET_BASE_INSTALL_H

#include <limits.h>

/* The folder of the tools, without a slash at its end. STATUS_FAILURE where the program's own is not known. */
int tools_folder(char folder[PATH_MAX]);

/* The path of what comes with the tools, such as "models/starter.safetensors" or "pipelines/train". STATUS_FAILURE,
 * naming what was looked for and the places, where it is not there or may not be read. */
int shared_path(char path[PATH_MAX], const char *name);

#endif
