#pragma once
#include <archive.h>
#include <archive_entry.h>
// Extended attributes, which Swift's Glibc module leaves out.
#include <sys/xattr.h>
