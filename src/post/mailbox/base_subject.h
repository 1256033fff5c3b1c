// What a subject is about without "Re:", "Fwd:", list marks and "(fwd)" (RFC 5256 §2.1), folded so that two of one talk
// compare equal: in lower case, blanks as one. Pure; linear; nothing blocks.
#pragma once

#include <string>

#include "base/bytes.h"

namespace chappe::post {

// `value`: of a Subject field, as it stands in the letter.
std::string base_subject(ByteView value);

}  // namespace chappe::post
