/* Errors: a function that can fail returns a status; the message waits beside it.
 *
 * 0 is success. Any other status is also the exit status of the tool that meets it:
 * 1 failure (the machine's fault), 2 usage, 65 bad or truncated input, 75 try again later.
 * A message names the file, the case and the cause: "t1.nii.gz: gzip data ends early". */
#ifndef PRUNET_BASE_ERROR_H
#define PRUNET_BASE_ERROR_H

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "prunet is for little-endian processors: its files are read into memory as they are"
#endif

enum status {
    STATUS_OK = 0,
    STATUS_FAILURE = 1,
    STATUS_USAGE = 2,
    STATUS_DATA = 65, /* sysexits' EX_DATAERR */
    STATUS_RETRY = 75 /* sysexits' EX_TEMPFAIL */
};

/* Sets the calling thread's message from a printf format and returns `status`:
 *     return fail(STATUS_DATA, "%s: label %d", path, label); */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As fail, with ": " and strerror(errno) appended. */
int fail_errno(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " before the message that is already set and returns `status` unchanged:
 *     if ((status = record_allocate(record))) return fail_in(status, "%s", path); */
int fail_in(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The calling thread's last message, without a newline; "" before any. Valid until its next fail. */
const char *error_message(void);

/* The name of the running tool, set once at the start of main; used by report, warn and options. */
extern const char *tool_name;

/* Prints "tool: message" to stderr and returns `status`, for the last line of main. */
int report(int status);

/* Prints "tool: warning: ..." to stderr, unless -q set quiet. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on warnings go to `take`, whole and without the tool's name, instead of to stderr; NULL ends
 * that. For a program with one thread that warns. */
void warnings_to(void (*take)(void *self, const char *text), void *self);

/* Speech on stderr: quiet (-q) silences warnings and progress, verbose (-v) adds a line for each record. */
extern int quiet, verbose;

#endif
