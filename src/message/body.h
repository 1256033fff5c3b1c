// The content of a part: transfer encoding taken off, text made UTF-8. Decoded only when asked for, into new memory.
// Pure; linear; never fails.
#pragma once

#include <cstddef>
#include <string>

#include "message/content.h"
#include "message/letter.h"

namespace chappe::message {

// What Content-Transfer-Encoding says; identity encodings for parts that may have no other (RFC 2045 §6.4).
Encoding encoding_of(const Letter& letter, const Part& part);

// The body without its transfer encoding, at most about `limit` octets of it: decoding stops once there are so many.
Bytes decode_body(const Letter& letter, const Part& part, Findings* findings = nullptr,
                  std::size_t limit = static_cast<std::size_t>(-1));

// The same as UTF-8 with LF line ends, for a text part. A charset that nobody knows gives what can be shown.
std::string decode_text_body(const Letter& letter, const Part& part, Findings* findings = nullptr,
                             std::size_t limit = static_cast<std::size_t>(-1));

// The same of `body`, which is the part's body or its beginning, read by whoever has only an outline of the letter.
Bytes decode_octets(const Letter& letter, const Part& part, ByteView body, Findings* findings, std::size_t limit);
std::string decode_text_octets(const Letter& letter, const Part& part, ByteView body, Findings* findings,
                               std::size_t limit);

// Content-Type with its parameters; the default of the part's place when there is none.
ContentType content_type_of(const Letter& letter, const Part& part);
Disposition disposition_of(const Letter& letter, const Part& part);

// The name a part would be saved under: `filename` of Content-Disposition, else `name` of Content-Type; UTF-8, empty if
// there is none. As the sender wrote it: not fit to be used as a path.
std::string file_name_of(const Letter& letter, const Part& part);

}  // namespace chappe::message
