// iconv(3) that leaves bytes as they are, in place of libc's.
//
// libarchive converts names between charsets by way of iconv, and libc's looks up tables and loads
// modules below the root of the moment: in an image that root is hostile. Names are bytes here, so that
// nothing needs converting. The definitions in a program come before those of libc, linked statically or not.
#include <errno.h>
#include <iconv.h>
#include <string.h>

iconv_t iconv_open(const char *to, const char *from) {
    static char any;
    (void)to;
    (void)from;
    return &any;
}

int iconv_close(iconv_t converter) {
    (void)converter;
    return 0;
}

size_t iconv(iconv_t converter, char **restrict input, size_t *restrict input_left,
             char **restrict output, size_t *restrict output_left) {
    (void)converter;
    if (input == NULL || *input == NULL)
        return 0;
    size_t count = *input_left < *output_left ? *input_left : *output_left;
    memcpy(*output, *input, count);
    *input += count;
    *output += count;
    *input_left -= count;
    *output_left -= count;
    if (*input_left == 0)
        return 0;
    errno = E2BIG;
    return (size_t)-1;
}
