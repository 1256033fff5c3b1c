#include "trust/arc/verify.h"

#include <algorithm>

namespace chappe::trust::arc {
namespace {

using dkim::Fault;
using dkim::SignatureVerdict;

// A signature that cannot be right is not asked for.
std::optional<Fault> early_fault(const SignatureVerdict& v, Time now, const Limits& limits) {
  if (v.signature.fault) return v.signature.fault;
  return dkim::time_fault(v.signature, now, limits.signature.clock_skew);
}

void broken(Verdict& out, Reason reason, std::uint32_t at, const SignatureVerdict& v) {
  out.reason = reason;
  out.at = at;
  out.detail = std::string(dkim::reason_row(v.reason).en);
  if (!v.detail.empty()) out.detail += ": " + v.detail;
}

class Verifying {
 public:
  Verifying(Verdict& out, std::span<const message::Field> header, const dkim::BodyHashes& bodies, const Limits& limits)
      : out_(out), header_(header), bodies_(bodies), limits_(limits) {}

  bool message(Set& set) {
    SignatureVerdict& v = *set.message;
    set.message_looked_at = true;
    if (v.question)
      dkim::decide_over_letter(v, out_.questions[*v.question], header_, bodies_, limits_.signature, octets_);
    return v.reason == dkim::Reason::verified;
  }

  bool seal(std::size_t index) {
    Set& set = out_.sets[index];
    SignatureVerdict& v = *set.seal;
    set.seal_looked_at = true;
    if (v.question) {
      if (auto fault = decide_seal(v, index)) v.decide(std::move(*fault));
    }
    return v.reason == dkim::Reason::verified;
  }

 private:
  std::optional<Fault> decide_seal(SignatureVerdict& v, std::size_t index) {
    std::vector<dkim::FitKey> fit;
    if (auto fault = dkim::key_fault(v, out_.questions[*v.question], limits_.signature, fit)) return fault;
    const std::string text = sealed_text(header_.fields(), std::span(out_.sets).first(index + 1));
    if (text.size() > limits_.signature.octets - octets_) return Fault{dkim::Reason::header_too_large, {}};
    octets_ += text.size();
    dkim::decide_by_keys(v, std::move(fit), text, limits_.signature);
    return std::nullopt;
  }

  Verdict& out_;
  dkim::HeaderFields header_;
  const dkim::BodyHashes& bodies_;
  const Limits& limits_;
  std::size_t octets_ = 0;
};

}  // namespace

std::string sealed_text(std::span<const message::Field> header, std::span<const Set> sets) {
  using dkim::Canon;
  std::string out;
  for (const Set& set : sets) {
    const message::Field& seal = header[set.seal->field];
    dkim::append_canonical(out, Canon::relaxed, header[*set.results]);
    dkim::append_canonical(out, Canon::relaxed, header[set.message->field]);
    if (&set != &sets.back())
      dkim::append_canonical(out, Canon::relaxed, seal);
    else
      dkim::append_own(out, Canon::relaxed, seal, set.seal->signature.b_begin, set.seal->signature.b_end);
  }
  return out;
}

net::Task<Verdict> verify(dns::Resolver& resolver, std::span<const message::Field> header,
                          const dkim::BodyHashes& bodies, Time now, Limits limits, net::Deadline deadline) {
  Verdict out;
  Chain chain = collect(header);
  out.sets = std::move(chain.sets);
  if (chain.fault) {
    out.reason = *chain.fault;
    out.at = chain.at;
    out.detail = std::move(chain.detail);
    co_return out;
  }
  if (out.sets.empty()) co_return out;

  dkim::KeyQuestions questions;
  for (Set& set : out.sets) {
    for (SignatureVerdict* v : {&*set.message, &*set.seal}) {
      if (auto fault = early_fault(*v, now, limits)) {
        v->decide(std::move(*fault));
      } else if (const auto question = questions.add(v->signature)) {
        v->question = *question;
      } else {
        v->decide({dkim::Reason::selector_invalid, question.error().text()});
      }
    }
  }
  if (questions.size() > limits.keys) {
    out.reason = Reason::too_many_keys;
    for (Set& set : out.sets) set.message->question = set.seal->question = std::nullopt;
    co_return out;
  }
  out.questions = co_await std::move(questions).ask(resolver, deadline);

  // RFC 8617 §5.2, steps 4 to 7
  Verifying verifying(out, header, bodies, limits);
  const std::size_t count = out.sets.size();
  if (!verifying.message(out.sets.back())) {
    broken(out, Reason::message_signature, out.sets.back().instance, *out.sets.back().message);
    co_return out;
  }
  for (std::size_t i = count; i-- > 0;) {
    co_await net::yield();
    if (!verifying.seal(i)) {
      broken(out, Reason::seal, out.sets[i].instance, *out.sets[i].seal);
      co_return out;
    }
  }
  out.reason = Reason::verified;
  // The order of steps 5 and 6 does not matter to either; a chain that does not hold has no use for step 5.
  for (std::size_t i = count - 1; i-- > 0;) {
    co_await net::yield();
    if (verifying.message(out.sets[i])) continue;
    out.oldest_pass = out.sets[i + 1].instance;
    break;
  }
  co_return out;
}

}  // namespace chappe::trust::arc
