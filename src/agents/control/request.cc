#include "agents/control/request.h"

#include <fmt/core.h>

#include "base/text.h"
#include "crypto/secret.h"

namespace chappe::agents::control {

using codec::json::Value;
using codec::json::Writer;

namespace {

constexpr std::size_t kMaxId = 64;

Result<std::string> id_of(const Value& id) {
  std::string out;
  Writer w(out);
  switch (id.kind()) {
    case Value::Kind::null:
      w.value(nullptr);
      return out;
    case Value::Kind::integer:
      w.value(*id.as_int());
      return out;
    case Value::Kind::string: {
      const std::string_view text = *id.as_string();
      if (text.size() > kMaxId) return fail(Errc::too_large, "'id' is longer than {} octets", kMaxId);
      w.value(text);
      return out;
    }
    default:
      return fail(Errc::invalid, "'id' must be an integer or a string");
  }
}

}  // namespace

LineReader::~LineReader() { crypto::wipe(held_.data(), held_.size()); }

void LineReader::feed(ByteView bytes) {
  if (taken_ > 0) {
    crypto::wipe(held_.data(), taken_);
    held_.erase(0, taken_);
    scanned_ -= taken_;
    taken_ = 0;
  }
  held_.append(bytes);
}

Result<std::optional<Bytes>> LineReader::next() {
  const auto end = held_.find('\n', scanned_);
  if (end == Bytes::npos) {
    scanned_ = held_.size();
    if (held_.size() - taken_ > limit_) return fail(Errc::too_large, "a line of more than {} octets", limit_);
    return std::nullopt;
  }
  if (end - taken_ > limit_) return fail(Errc::too_large, "a line of more than {} octets", limit_);
  Bytes line = held_.substr(taken_, end - taken_);
  if (line.ends_with('\r')) line.pop_back();
  taken_ = scanned_ = end + 1;
  return line;
}

Result<Request> parse_request(ByteView line, std::string& id) {
  const Value whole = TRY(codec::json::parse(line, {.bytes = kMaxLine, .depth = kMaxDepth}));
  if (whole.kind() != Value::Kind::object) return fail(Errc::invalid, "a request is an object");
  Request request;
  if (const Value* given = whole.find("id")) request.id = TRY(id_of(*given));
  id = request.id;
  for (const auto& member : whole.members())
    if (member.name != "id" && member.name != "method" && member.name != "params")
      return fail(Errc::invalid, "a request has no field '{}'", printable(member.name, 40));
  request.method = TRY(whole.get_string("method"));
  if (const Value* params = whole.find("params")) {
    if (params->kind() != Value::Kind::object && !params->is_null())
      return fail(Errc::invalid, "'params' must be an object");
    request.params = *params;
  }
  return request;
}

std::string result_line(std::string_view id, std::string_view result) {
  return fmt::format("{{\"id\":{},\"result\":{}}}\n", id, result);
}

std::string error_line(std::string_view id, const Error& error) {
  std::string body;
  Writer(body).begin_object().field("code", error_row(error.code()).name).field("text", error.text()).end_object();
  return fmt::format("{{\"id\":{},\"error\":{}}}\n", id, body);
}

}  // namespace chappe::agents::control
