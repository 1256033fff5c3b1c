#include "agents/door/sign_question.h"

#include "codec/base64.h"
#include "message/letter.h"

namespace chappe::agents {
namespace {

constexpr std::size_t kColumns = 76;
constexpr std::string_view kSigned = "Signed";

std::string folded(std::string_view text, std::string_view before_each) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kColumns) {
    out += before_each;
    out += text.substr(at, kColumns);
  }
  return out;
}

Result<Bytes> unfolded(std::string_view text) {
  std::string whole;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') whole += c;
  auto octets = codec::base64_decode(whole);
  if (!octets) return fail(Errc::invalid, "not base64");
  return std::move(*octets);
}

}  // namespace

Bytes SignQuestion::written() const {
  return "Body: " + codec::base64_encode(body_hash) + "\r\nHeader:" + folded(codec::base64_encode(header), "\r\n ") +
         "\r\n\r\n";
}

Result<SignQuestion> SignQuestion::read(ByteView letter) {
  if (letter.size() > kMaxHeader * 3 / 2) return fail(Errc::too_large, "a question for signatures that is too large");
  const message::Letter fields(letter);
  if (fields.fields().size() != 2 || !fields.fields()[0].is("Body") || !fields.fields()[1].is("Header"))
    return fail(Errc::invalid, "not a question for signatures");
  SignQuestion out;
  out.body_hash = TRY(unfolded(fields.fields()[0].value()));
  out.header = TRY(unfolded(fields.fields()[1].value()));
  if (out.header.size() > kMaxHeader) return fail(Errc::too_large, "a header over {} octets", kMaxHeader);
  return out;
}

std::string written_signatures(ByteView fields) {
  return std::string(kSigned) + folded(codec::base64_encode(fields), "\n");
}

Result<Bytes> read_signatures(std::string_view words) {
  if (!words.starts_with(kSigned)) return fail(Errc::invalid, "not the words of a signature");
  return unfolded(words.substr(kSigned.size()));
}

}  // namespace chappe::agents
