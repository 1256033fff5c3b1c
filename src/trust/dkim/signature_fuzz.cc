// Signatures and key records: no crash, and what is read without a fault keeps its promises. The first octet says
// which.
#include "../../../tests/fuzz/fuzzing.h"
#include "codec/idna.h"
#include "codec/utf8.h"
#include "message/letter.h"
#include "trust/dkim/key.h"
#include "trust/dkim/signature.h"

using namespace chappe;
using namespace chappe::trust::dkim;
using fuzz::check;

namespace {

void check_signature(const message::Field& field, Form form) {
  const Signature s = parse_signature(field, form);
  check(s.b_begin <= s.b_end && s.b_end <= field.value().size());
  check(s.domain.empty() || codec::valid_domain(s.domain));
  check(codec::utf8_valid(s.identity_local));
  if (s.fault) {
    check(reason_row(s.fault->reason).result != ResultCode::pass && codec::utf8_valid(s.fault->detail));
    return;
  }
  check(!s.domain.empty() && !s.selector.empty() && !s.value.empty());
  check(form == Form::dkim ? is_under(s.identity_domain, s.domain) : s.instance >= 1 && s.instance <= kMaxInstance);
  if (form == Form::arc_seal) {
    check(s.fields.empty() && s.body_hash.empty());
  } else {
    check(!s.fields.empty() && s.fields.size() <= kMaxSignedFields);
    check(s.body_hash.size() == (s.digest_kind == crypto::DigestKind::sha1 ? 20u : 32u));
  }
  std::string own;
  append_own(own, s.header_canon, field, s.b_begin, s.b_end);
  check(own.size() < field.raw().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const unsigned how = fuzz::choose(input) % 4;
  if (how == 3) {
    const auto key = parse_key(input);
    if (!key) return check(key.error().reason == Reason::key_malformed), 0;
    check(codec::utf8_valid(key->notes));
    (void)unfit(*key, Signature{});
    if (const auto known = public_key(*key)) check(known->bits() >= 2 && known->bits() <= crypto::kMaxRsaBits);
    return 0;
  }
  const std::string bytes = "X: " + std::string(input) + "\r\n";
  const message::Letter letter(bytes);
  if (!letter.fields().empty()) check_signature(letter.fields()[0], static_cast<Form>(how));
  return 0;
}
