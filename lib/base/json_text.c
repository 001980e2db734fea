#include "lib/base/json_text.h"
#include "lib/base/error.h"
#include "lib/base/output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int json_malformed(const struct json_text *text, const char *expected)
{
    return fail(STATUS_DATA, "%s: expected %s at byte %zu", text->name, expected,
                (size_t)(text->at - text->begin));
}

void json_skip_space(struct json_text *text)
{
    while (text->at < text->end &&
           (*text->at == ' ' || *text->at == '\t' || *text->at == '\n' || *text->at == '\r'))
        text->at++;
}

bool json_take(struct json_text *text, char symbol)
{
    json_skip_space(text);
    if (text->at == text->end || *text->at != symbol)
        return false;
    text->at++;
    return true;
}

int json_expect(struct json_text *text, char symbol)
{
    char shown[] = {'\'', symbol, '\'', 0};
    return json_take(text, symbol) ? STATUS_OK : json_malformed(text, shown);
}

/* Four hexadecimal digits, or -1. */
static long take_hex4(struct json_text *text)
{
    long value = 0;
    if (text->end - text->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = *text->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *to, long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* The code point of "\uXXXX" whose "\u" is taken, with its low surrogate if it has one; -1 for a lone
 * surrogate and for NUL, which a C string cannot hold. */
static long take_code_point(struct json_text *text)
{
    long high = take_hex4(text);
    if (high < 0xd800 || high > 0xdfff)
        return high > 0 ? high : -1;
    if (high > 0xdbff || text->end - text->at < 2 || text->at[0] != '\\' || text->at[1] != 'u')
        return -1;
    text->at += 2;
    long low = take_hex4(text);
    return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The character after a backslash; *to moves on. */
static bool take_escape(struct json_text *text, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (text->at == text->end)
        return false;
    char c = *text->at++;
    if (c == 'u') {
        long code = take_code_point(text);
        if (code < 0)
            return false;
        *to = put_utf8(*to, code);
        return true;
    }
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return false;
    *(*to)++ = into[found - from];
    return true;
}

/* An escape is never shorter than what it stands for. */
int json_take_string(struct json_text *text, char **string)
{
    if (!json_take(text, '"'))
        return json_malformed(text, "a string");
    const char *close = text->at;
    while (close < text->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= text->end)
        return json_malformed(text, "the end of a string");
    char *to = *string = malloc((size_t)(close - text->at) + 1);
    if (!to)
        return fail(STATUS_FAILURE, "out of memory");
    while (text->at < close) {
        unsigned char c = (unsigned char)*text->at++;
        if (c < 0x20 || (c == '\\' && !take_escape(text, &to))) {
            free(*string);
            *string = NULL;
            return json_malformed(text, "a valid character");
        }
        if (c != '\\')
            *to++ = (char)c;
    }
    *to = 0;
    text->at = close + 1;
    return STATUS_OK;
}

size_t json_byte(char byte, const char *also, char text[JSON_BYTE_SIZE])
{
    const unsigned char c = (unsigned char)byte;
    if (c == '"' || c == '\\')
        return (size_t)snprintf(text, JSON_BYTE_SIZE, "\\%c", c);
    if (c < 0x20 || strchr(also, c))
        return (size_t)snprintf(text, JSON_BYTE_SIZE, "\\u%04x", c);
    text[0] = byte;
    return 1;
}

int json_print_string(struct output *output, const char *text)
{
    char shown[JSON_BYTE_SIZE];
    int status = output_write(output, "\"", 1);
    for (; *text && !status; text++)
        status = output_write(output, shown, json_byte(*text, "", shown));
    return status ? status : output_write(output, "\"", 1);
}
