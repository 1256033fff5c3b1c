// What Content-Type, Content-Disposition and Content-Transfer-Encoding say (RFC 2045 §5, §6, RFC 2183), with parameters
// decoded: quoted strings, continuations, charsets and percent escapes of RFC 2231, and the encoded words that many
// mailers put where none is allowed. Pure; linear in the size of the value; nothing blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "message/findings.h"

namespace chappe::message {

// A parameter as written. `value` is without its quotes but with backslashes, folding and percent escapes.
struct RawParameter {
  ByteView name;
  ByteView value;
  bool quoted = false;
};

// Walks over the parameters of a value, from behind the media type. Forgives missing semicolons, blanks around "=",
// comments, quotes that nobody closes, and octets that no token may hold.
class ParameterScanner {
 public:
  explicit ParameterScanner(ByteView rest) : rest_(rest) {}
  // The next parameter; false at the end.
  bool next(RawParameter& out);
  // Something had to be guessed.
  bool guessed() const { return guessed_; }

 private:
  ByteView rest_;
  bool guessed_ = false;
};

// The media type at the start of a Content-Type value, and what follows it; views into `value`.
struct MediaType {
  ByteView type, subtype;
  ByteView rest;
};
// Nothing when there are no two tokens with a "/" between them.
std::optional<MediaType> scan_media_type(ByteView value);

struct Parameter {
  std::string name;      // lower case, without the "*" marks of RFC 2231
  std::string value;     // UTF-8
  std::string language;  // RFC 2231 §4; usually empty
};

struct Parameters {
  static constexpr std::size_t kMax = 1000;  // further ones are left out

  std::vector<Parameter> list;  // in order of first mention
  Findings findings;

  // The value of the parameter of that (lower case) name; nullptr if there is none.
  const std::string* find(ByteView name) const;
};
Parameters decode_parameters(ByteView rest);

struct ContentType {
  std::string type, subtype;  // lower case; text/plain when the value cannot be read
  bool valid = true;
  Parameters parameters;
};
ContentType parse_content_type(ByteView value);

struct Disposition {
  std::string kind;  // lower case; "attachment" for what is neither (RFC 2183 §2.8), empty if there is none
  Parameters parameters;
};
Disposition parse_disposition(ByteView value);

enum class Encoding : std::uint8_t { seven_bit, eight_bit, binary, quoted_printable, base64, unknown };
// The encoding a field value names, whatever stands around it. No value at all is 7bit (RFC 2045 §6.1).
Encoding parse_encoding(ByteView value);
std::string_view encoding_name(Encoding encoding);

}  // namespace chappe::message
