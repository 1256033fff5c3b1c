// What is spoken on the control socket: a JSON object a line, each request answered by one line.
//
//   {"id":1,"method":"domain.add","params":{"domain":"example.org"}}
//   {"id":1,"result":{"name":"example.org",...}}
//   {"id":1,"error":{"code":"exists","text":"..."}}
//
// `id` is a number or a string that comes back as it was; it may be left out. Pure; used by both ends.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "codec/json.h"

namespace chappe::agents::control {

// Octets of a line, the end not counted: a directory as text (post/directory/apply.h) with its JSON escapes.
inline constexpr std::size_t kMaxLine = 24 * 1024 * 1024;
inline constexpr std::size_t kMaxDepth = 16;

// Cuts a stream of octets into lines.
class LineReader {
 public:
  explicit LineReader(std::size_t limit = kMaxLine) : limit_(limit) {}
  ~LineReader();  // wipes what is left: there are passwords in requests

  void feed(ByteView bytes);
  // The next line without its end (LF or CRLF); nothing while none is complete. Errc::too_large once a line is longer
  // than the limit: then there is nothing to go on with.
  Result<std::optional<Bytes>> next();
  bool empty() const { return held_.empty(); }

 private:
  const std::size_t limit_;
  Bytes held_;
  std::size_t taken_ = 0;    // of held_, by next()
  std::size_t scanned_ = 0;  // of held_, without finding a line's end
};

struct Request {
  std::string id = "null";  // as JSON
  std::string method;
  codec::json::Value params;  // null when there are none
};

// Errc::invalid, Errc::too_large; the text holds nothing of the line. `id` is set as far as it could be read.
Result<Request> parse_request(ByteView line, std::string& id);

std::string result_line(std::string_view id, std::string_view result);
std::string error_line(std::string_view id, const Error& error);

}  // namespace chappe::agents::control
