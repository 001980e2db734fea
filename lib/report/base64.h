/* Bytes as text (RFC 4648). */
#ifndef PRUNET_REPORT_BASE64_H
#define PRUNET_REPORT_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* A malloc'ed string; NULL without memory. */
char *base64_encode(const uint8_t *bytes, size_t size);

#endif
