#include "trust/dkim/verify.h"

#include <algorithm>

#include "trust/dkim/header_fields.h"

namespace chappe::trust::dkim {
namespace {

// How much a result says of a letter, the most first.
constexpr ResultCode kBestFirst[] = {ResultCode::pass,   ResultCode::temperror, ResultCode::fail,
                                     ResultCode::policy, ResultCode::permerror, ResultCode::neutral};

// What can be told of a signature without a key, in the order of what it costs.
std::optional<Fault> early_fault(const SignatureVerdict& v, std::size_t number, Time now, const Limits& limits) {
  if (number >= limits.signatures) return Fault{Reason::too_many_signatures, {}};
  if (v.signature.fault) return v.signature.fault;
  return time_fault(v.signature, now, limits.clock_skew);
}

void decide(SignatureVerdict& v, const dns::Answer& answer, const HeaderFields& header, const BodyHashes& bodies,
            const Limits& limits, std::size_t& octets) {
  std::vector<FitKey> fit;
  if (auto fault = key_fault(v, answer, limits, fit)) return v.decide(std::move(*fault));
  if (auto fault = body_fault(v, bodies)) return v.decide(std::move(*fault));
  const message::Field& own = header.fields()[v.field];
  v.signed_fields = header.select(v.signature.fields, static_cast<std::uint32_t>(v.field));
  std::size_t size = own.raw().size();
  for (const std::uint32_t index : v.signed_fields) size += header.fields()[index].raw().size();
  if (size > limits.octets - octets) return v.decide({Reason::header_too_large, {}});
  octets += size;
  // RFC 6376 §3.7
  std::string text = header.canonical(v.signature.header_canon, v.signed_fields);
  append_own(text, v.signature.header_canon, own, v.signature.b_begin, v.signature.b_end);
  decide_by_keys(v, std::move(fit), text, limits);
}

}  // namespace

ResultCode Verdict::result() const {
  for (const ResultCode code : kBestFirst)
    if (std::ranges::any_of(signatures, [code](const SignatureVerdict& v) { return v.result() == code; })) return code;
  return ResultCode::none;
}

net::Task<Verdict> verify(dns::Resolver& resolver, std::span<const message::Field> header, const BodyHashes& bodies,
                          Time now, Limits limits, net::Deadline deadline) {
  Verdict out;
  KeyQuestions questions;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i].id() != message::FieldName::dkim_signature) continue;
    SignatureVerdict v;
    v.field = i;
    v.signature = parse_signature(header[i]);
    if (auto fault = early_fault(v, out.signatures.size(), now, limits)) {
      v.decide(std::move(*fault));
    } else if (const auto question = questions.add(v.signature)) {
      v.question = *question;
    } else {
      v.decide({Reason::selector_invalid, question.error().text()});
    }
    out.signatures.push_back(std::move(v));
  }
  if (out.signatures.empty()) co_return out;
  out.questions = co_await std::move(questions).ask(resolver, deadline);
  const HeaderFields fields(header);
  std::size_t octets = 0;
  bool computed = false;
  for (SignatureVerdict& v : out.signatures) {
    if (!v.question) continue;
    if (computed) co_await net::yield();
    decide(v, out.questions[*v.question], fields, bodies, limits, octets);
    computed = true;
  }
  co_return out;
}

}  // namespace chappe::trust::dkim
