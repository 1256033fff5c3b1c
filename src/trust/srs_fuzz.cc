// Rewritten senders: no crash, what one host signed no other believes, and what we sign comes back.
#include "trust/srs.h"

#include "../../tests/fuzz/fuzzing.h"
#include "base/text.h"
#include "trust/mail_domain.h"

using namespace chappe;
using namespace chappe::trust;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = fuzz::view(data, size);
  std::vector<crypto::Secret> secrets;
  secrets.emplace_back("of the fuzzer");
  const Time now{1'700'000'000'000'000};
  std::vector<crypto::Secret> others;
  others.emplace_back("of another host");
  // libFuzzer watches comparisons, so it may well learn a sum; not two of them.
  check(!srs_reverse(input, secrets, now) || !srs_reverse(input, others, now));

  const std::size_t at = input.rfind('@');
  const SrsAddress sender{std::string(input.substr(0, at)),
                          at == ByteView::npos ? "example.com" : std::string(input.substr(at + 1))};
  const auto out = srs_forward(sender, "fwd.example", secrets, now);
  if (!out) return 0;
  check(out->domain == "fwd.example");
  if (mail_domain(sender.domain).value() == out->domain) {  // ours already
    check(out->local == sender.local);
    return 0;
  }
  check(out->local.size() <= kMaxSrsLocal);
  const auto back = srs_reverse(out->local, secrets, now);
  check(back.has_value());
  check(back->local == sender.local || istarts_with(sender.local, "SRS"));
  check(mail_domain(back->domain).value() == back->domain);
  return 0;
}
