#include "CArchive.h"
#include <errno.h>

// libarchive keeps this beside a table of every format there is, which would bring them all into the program, and a
// library of ciphers with them. Tar takes every type of file that is packed here; sockets are left out before.
void __archive_write_entry_filetype_unsupported(struct archive *archive, struct archive_entry *entry, const char *format);
void __archive_write_entry_filetype_unsupported(struct archive *archive, struct archive_entry *entry, const char *format) {
    archive_set_error(archive, EINVAL, "%s: %s cannot hold a file of its type", archive_entry_pathname(entry), format);
}
