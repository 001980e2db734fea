#include "lib/base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

static _Thread_local char message[MESSAGE_SIZE];
const char *tool_name = "prunet";
int quiet, verbose;

int fail(int status, const char *format, ...)
{
    va_list arguments;
    char text[MESSAGE_SIZE]; /* an argument may be error_message() itself */
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(message, text, sizeof text);
    return status;
}

int fail_errno(int status, const char *format, ...)
{
    const char *cause = strerror(errno);
    va_list arguments;
    char text[MESSAGE_SIZE];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fail(status, "%s: %s", text, cause);
}

int fail_in(int status, const char *format, ...)
{
    va_list arguments;
    char text[MESSAGE_SIZE];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fail(status, "%s: %s", text, message);
}

const char *error_message(void)
{
    return message;
}

int report(int status)
{
    fprintf(stderr, "%s: %s\n", tool_name, message);
    return status;
}

static void (*take_warning)(void *self, const char *text);
static void *taker;

void warnings_to(void (*take)(void *self, const char *text), void *self)
{
    take_warning = take;
    taker = self;
}

void warn(const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list arguments;
    if (quiet && !take_warning)
        return;
    va_start(arguments, format);
    if (take_warning) {
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        take_warning(taker, text);
        return;
    }
    flockfile(stderr); /* threads may warn at the same time */
    fprintf(stderr, "%s: warning: ", tool_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(arguments);
}
