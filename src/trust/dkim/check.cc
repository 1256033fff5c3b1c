#include "trust/dkim/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/digest.h"

namespace chappe::trust::dkim {
namespace {

Bytes digest_of(crypto::DigestKind kind, ByteView text) {
  if (kind == crypto::DigestKind::sha256) return Bytes(crypto::sha256(text).view());
  const auto sum = crypto::sha1(text);
  return {sum.data(), sum.size()};
}

// A signature that holds may still not count.
Fault what_holds(const SignatureVerdict& v, const Limits& limits) {
  if (v.signature.digest_kind == crypto::DigestKind::sha1) return {Reason::sha1, {}};  // RFC 8301 §3.1
  if (v.signature.key_kind == crypto::KeyKind::rsa && v.bits() < limits.min_bits)      // RFC 8301 §3.2
    return {Reason::key_too_short, fmt::format("{} bits", v.bits())};
  // RFC 6376 §8.2
  if (v.body && v.body->uncovered() > 0)
    return {Reason::body_partly_signed,
            fmt::format("{} of {} octets are not signed", v.body->uncovered(), v.body->octets)};
  return {Reason::verified, {}};
}

net::Task<void> ask_one(dns::Resolver* resolver, dns::Question question, net::Deadline deadline, dns::Answer* out) {
  *out = co_await resolver->ask(std::move(question), deadline);
}

}  // namespace

Result<dns::Question> key_question(const Signature& signature) {
  return dns::Question{TRY(dns::Name::parse(signature.selector + "._domainkey." + signature.domain)), dns::Type::txt};
}

Result<std::size_t> KeyQuestions::add(const Signature& signature) {
  dns::Question question = TRY(key_question(signature));
  const auto found = std::ranges::find(questions_, question);
  const auto at = static_cast<std::size_t>(found - questions_.begin());
  if (found == questions_.end()) questions_.push_back(std::move(question));
  return at;
}

net::Task<std::vector<dns::Answer>> KeyQuestions::ask(dns::Resolver& resolver, net::Deadline deadline) && {
  std::vector<dns::Question> questions = std::move(questions_);
  std::vector<dns::Answer> answers(questions.size());
  if (questions.size() == 1) {
    answers[0] = co_await resolver.ask(std::move(questions[0]), deadline);
    co_return answers;
  }
  net::Scope scope;
  for (std::size_t i = 0; i < questions.size(); ++i)
    scope.spawn(ask_one(&resolver, std::move(questions[i]), deadline, &answers[i]));
  co_await scope.join();
  co_return answers;
}

std::optional<Fault> time_fault(const Signature& signature, Time now, Duration skew) {
  // At most twelve digits, so that nothing overflows.
  const auto seconds = [](std::uint64_t s) { return Time{static_cast<std::int64_t>(s) * 1'000'000}; };
  if (signature.made && seconds(*signature.made) > now + skew)
    return Fault{Reason::in_future, "made " + to_rfc3339(seconds(*signature.made))};
  if (signature.expires && seconds(*signature.expires) + skew < now)
    return Fault{Reason::expired, "since " + to_rfc3339(seconds(*signature.expires))};
  return std::nullopt;
}

std::optional<Fault> body_fault(SignatureVerdict& out, const BodyHashes& bodies) {
  const Signature& s = out.signature;
  const BodyHash* body = bodies.find({s.body_canon, s.digest_kind, s.length});
  if (body == nullptr) return Fault{Reason::too_many_bodies, {}};
  out.body = *body;
  // RFC 6376 §3.5: l= MUST NOT be larger than the body.
  if (s.length && *s.length > body->octets)
    return Fault{Reason::body_shorter, fmt::format("{} octets were signed, {} are there", *s.length, body->octets)};
  if (body->hash != s.body_hash)
    return Fault{Reason::body_differs, fmt::format("{} was signed, {} is there", codec::base64_encode(s.body_hash),
                                                   codec::base64_encode(body->hash))};
  return std::nullopt;
}

std::optional<Fault> key_fault(SignatureVerdict& out, const dns::Answer& answer, const Limits& limits,
                               std::vector<FitKey>& fit) {
  // RFC 6376 §6.1.2, steps 2 and 3
  if (answer.absent()) return Fault{Reason::key_missing, answer.question.text()};
  if (!answer) {
    const std::string_view says = dns::outcome_row(answer.outcome).name;
    return Fault{Reason::key_unavailable, fmt::format("{}: {}", answer.question.text(), says)};
  }
  for (std::size_t i = 0; i < answer.records.rdata.size(); ++i) {
    KeyTried tried{.record = i, .key = {}, .bits = 0, .fault = {}};
    if (auto key = parse_key(dns::Txt::joined(answer.records.rdata[i]))) {
      tried.key = std::move(*key);
      tried.fault = unfit(*tried.key, out.signature);
      if (!tried.fault && fit.size() < limits.keys) {
        if (auto made = public_key(*tried.key)) {
          tried.bits = made->bits();
          fit.push_back({out.keys.size(), std::move(*made)});
        } else {
          tried.fault = Fault{made.error().code() == Errc::too_large ? Reason::key_too_large : Reason::key_unusable,
                              made.error().text()};
        }
      }
    } else {
      tried.fault = std::move(key.error());
    }
    out.keys.push_back(std::move(tried));
  }
  if (!fit.empty()) {
    out.key = fit.front().at;
    return std::nullopt;
  }
  // What is a key, though not for this, says more than what is none.
  const auto found = std::ranges::find_if(out.keys, [](const KeyTried& k) { return k.key.has_value(); });
  out.key = found == out.keys.end() ? 0 : static_cast<std::size_t>(found - out.keys.begin());
  return out.keys[*out.key].fault;
}

void decide_by_keys(SignatureVerdict& out, std::vector<FitKey> fit, ByteView text, const Limits& limits) {
  const Bytes digest = digest_of(out.signature.digest_kind, text);
  for (const FitKey& candidate : fit) {
    if (candidate.key.verify(out.signature.digest_kind, digest, out.signature.value)) {
      out.key = candidate.at;
      return out.decide(what_holds(out, limits));
    }
    out.keys[candidate.at].fault = Fault{Reason::signature_differs, {}};
  }
  // Those beyond limits.keys are without a fault.
  const auto untried = std::ranges::count_if(out.keys, [](const KeyTried& k) { return !k.fault; });
  out.decide({Reason::signature_differs,
              untried == 0 ? std::string()
                           : fmt::format("{} of {} keys at this name were not tried", untried, out.keys.size())});
}

void decide_over_letter(SignatureVerdict& v, const dns::Answer& answer, const HeaderFields& header,
                        const BodyHashes& bodies, const Limits& limits, std::size_t& octets) {
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

}  // namespace chappe::trust::dkim
