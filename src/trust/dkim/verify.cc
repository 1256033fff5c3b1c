#include "trust/dkim/verify.h"

#include <algorithm>

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
    v.signature = bodies.signature(header, i);
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
    decide_over_letter(v, out.questions[*v.question], fields, bodies, limits, octets);
    computed = true;
  }
  co_return out;
}

}  // namespace chappe::trust::dkim
