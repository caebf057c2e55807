// libarchive(3), zlib, and extended attributes, which Swift's Glibc module leaves out.
#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <sys/xattr.h>
#include <zlib.h>
