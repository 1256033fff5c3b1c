// Text in header fields: encoded words (RFC 2047), raw UTF-8 (RFC 6532), and what else people put there. Pure; linear
// in the size of the value; the results are well-formed UTF-8 on one line, without CR, LF and NUL.
#pragma once

#include <string>

#include "base/bytes.h"
#include "message/findings.h"

namespace chappe::message {

// An unstructured value (Subject, Comments, Content-Description) as people should read it: unfolded, encoded words
// decoded wherever they stand, blanks between them dropped, characters put together that were split over two of them.
// Octets that are not UTF-8 are taken as windows-1252.
std::string decode_text(ByteView value, Findings* findings = nullptr);

// Whether `text` holds something that decode_text would decode.
bool has_encoded_word(ByteView text);

}  // namespace chappe::message
