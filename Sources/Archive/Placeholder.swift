// libarchive behind a confined child; see archive(3).
