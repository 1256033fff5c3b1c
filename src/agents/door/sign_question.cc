#include "agents/door/sign_question.h"

#include "agents/door/words.h"
#include "codec/base64.h"
#include "message/letter.h"

namespace chappe::agents {
namespace {

constexpr std::string_view kSigned = "Signed";

}  // namespace

Bytes SignQuestion::written() const {
  return "Body: " + codec::base64_encode(body_hash) + "\r\nHeader:" + folded_base64(header, "\r\n ") + "\r\n\r\n";
}

Result<SignQuestion> SignQuestion::read(ByteView letter) {
  if (letter.size() > kMaxHeader * 3 / 2) return fail(Errc::too_large, "a question for signatures that is too large");
  const message::Letter fields(letter);
  if (fields.fields().size() != 2 || !fields.fields()[0].is("Body") || !fields.fields()[1].is("Header"))
    return fail(Errc::invalid, "not a question for signatures");
  SignQuestion out;
  out.body_hash = TRY(unfolded_base64(fields.fields()[0].value()));
  out.header = TRY(unfolded_base64(fields.fields()[1].value()));
  if (out.header.size() > kMaxHeader) return fail(Errc::too_large, "a header over {} octets", kMaxHeader);
  return out;
}

std::string written_signatures(ByteView fields) { return as_words(kSigned, fields); }

Result<Bytes> read_signatures(std::string_view words) { return read_words(kSigned, words); }

}  // namespace chappe::agents
