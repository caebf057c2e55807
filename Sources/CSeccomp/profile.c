// The compiler tracks the file, so an edit is noticed.
#include "CSeccomp.h"

static const unsigned char profile[] = {
#embed "../../stdlib/seccomp-default.json"
};
const unsigned char *cs_default_profile(void) { return profile; }
const size_t cs_default_profile_length = sizeof profile;
