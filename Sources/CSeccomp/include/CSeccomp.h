// libseccomp, and the default profile as bytes.
#pragma once
#include <seccomp.h>
#include <stddef.h>

/// The default profile, in Docker's form.
const unsigned char *cs_default_profile(void);
extern const size_t cs_default_profile_length;
