/* Files mapped into memory, and what happens when one is cut while it is read.
 *
 * A page behind the new end of a mapped file cannot be read: the kernel sends SIGBUS. For an address inside a
 * mapping made here the tool then ends with STATUS_DATA and a message that names the file, and its temporary
 * files are removed. In a guest's process (lib/base/process.h) files are read into memory instead, and no signal is
 * handled. */
#ifndef PRUNET_STREAM_MAPPING_H
#define PRUNET_STREAM_MAPPING_H

#include <stddef.h>
#include <sys/types.h>

/* Maps `bytes` bytes from `offset`, a multiple of the page size, copy on write. `name` is the file's for the
 * message and is copied. NULL where the file cannot be mapped or too many are; errno says why. */
void *mapping_open(int fd, off_t offset, size_t bytes, const char *name);

/* Releases what mapping_open returned; nothing happens for NULL. */
void mapping_close(void *mapping, size_t bytes);

#endif
